# Glia as a container: `docker build -t glia .`. Every command of the build stage also runs in the
# tests, outside a container (tests/deployment/test_dockerfile.py).
ARG PYTHON=3.13.7-slim-trixie

FROM python:${PYTHON} AS build
ENV PREFIX=/opt/glia
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY controller controller
COPY manifests manifests
RUN python3 -m venv "$PREFIX" \
 && "$PREFIX/bin/python" -m pip install --no-cache-dir --disable-pip-version-check --constraint constraints.txt . \
 && "$PREFIX/bin/glia" --version

FROM python:${PYTHON}
# git, and what it needs for ssh and for signed commits; kubectl builds kustomizations, which the one
# of Debian before trixie is too old for.
# Debian keeps only the newest version of a package, so a pinned one could not be had for long.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends git gnupg kubectl openssh-client \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --user-group --home-dir /var/lib/glia --create-home --shell /usr/sbin/nologin glia
COPY --from=build /opt/glia /opt/glia
ENV PATH=/opt/glia/bin:$PATH HOME=/var/lib/glia PYTHONUNBUFFERED=1
WORKDIR /var/lib/glia
# Directories of the image give a volume its owner, which a task on Fargate relies on.
VOLUME ["/var/lib/glia", "/tmp"]
USER 10001:10001
ENTRYPOINT ["glia"]
CMD ["--help"]

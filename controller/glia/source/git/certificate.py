"""What is wrong with a server's certificate: what git says depends on how its curl was built.

The one of Debian (GnuTLS) has the same words for a certificate that has expired and for one that
nobody known has signed. So the server is greeted once more, by OpenSSL, and sent nothing.
"""

from __future__ import annotations

import os
import socket
import ssl
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from glia.source.failures import Unauthorized

if TYPE_CHECKING:
    from pathlib import Path

    from glia.source.git.place import Place

# In seconds; whoever stops the loop waits for it.
_PATIENCE: Final = 4
_PROXIES: Final = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
_TIME: Final = "correct this machine's clock, or have the server's operator renew it"
_NAME: Final = "give the address by a name that the certificate is for"
_SIGNER: Final = "if it is the right server, name its signer's certificates with --git-ca-file"
# openssl-verification-options(1), by X509_V_ERR_ of x509_vfy.h.
_REMEDIES: Final = {9: _TIME, 10: _TIME, 62: _NAME, 64: _NAME}


def fault(what: str, place: Place, ca_file: Path | None) -> Unauthorized | None:
    """The error that the certificate comes to; None where nothing is wrong, or nobody can tell.

    Behind a proxy it is not asked for. ``what`` says what was tried.
    """
    if any(map(os.environ.get, _PROXIES)):
        return None
    parts = urlsplit(place.url)
    host = parts.hostname or ""
    try:
        _greet(host, parts.port or 443, ca_file)
    except ssl.SSLCertVerificationError as error:
        said = error.verify_message.rstrip(".")
        told = f"{what}: the certificate of {host} is not trusted: {said}"
        return Unauthorized(told, _REMEDIES.get(error.verify_code, _SIGNER))
    except OSError:
        return None
    return None


def _greet(host: str, port: int, ca_file: Path | None) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca_file is None:
        context.load_default_certs()
    else:
        context.load_verify_locations(ca_file)
    with socket.create_connection((host, port), _PATIENCE) as plain:
        context.wrap_socket(plain, server_hostname=host).close()

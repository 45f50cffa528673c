"""What a text says of itself: that it holds a secret, that it can hardly be one, or neither."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

MASK: Final = "(sensitive)"
# Around the word that tells a name or an option. Without an end to it, a text of such words and
# nothing else takes the square of its length.
_REST: Final = r"[\w.-]{0,100}"
_SECRET_NAME: Final = re.compile(
    r"pass|pwd|secret|token|key|credential|private|signature|externalid"
    r"|(?<![a-z])(?:pw|otp)(?![a-z])"
    r"|(?<![a-z])(?<!no[_-])(?<!able[_-])auth(?![\w.-])",
    re.IGNORECASE,
)
# What only sounds like those: of language models (--tokenizer, MAX_NUM_BATCHED_TOKENS,
# pad_token_id, token_generation_buckets), of other things, and files with a secret in them.
_HARMLESS: Final = re.compile(
    rf"(?<![a-z])(?:max|min|num)[_.-]{_REST}tokens(?![a-z])|tokeni[sz](?:e|er|ers|ation)(?![a-z])"
    r"|(?<![a-z])(?:audio|bos|cls|eos|image|mask|pad|sep|stop|unk|video)[_-]token(?![a-z])"
    r"|(?<![a-z])(?:input|new|output|prefill|prompt|special)[_-]tokens?(?![a-z])"
    r"|(?<![a-z])token[_-](?:bucket|generation|level|threshold|tree)"
    r"|key(?:board|frame|space|stone|word)s?(?![a-z])|(?<![a-z])(?:don|mon|tur)keys?(?![a-z])"
    r"|pass(?:[_-]?through|age|enger|es|ive)(?![a-z])|(?<![a-z])(?:by|com)pass(?:ed|es)?(?![a-z])"
    r"|secretar(?:ies|y)(?![a-z])|signature[_-](?:def|name)s?(?![a-z])"
    r"|(?:credential|key|password|secret|token)s?[_-]?(?:dir|file|path)(?![a-z])",
    re.IGNORECASE,
)
_SECRET_WORD: Final = f"(?:{_SECRET_NAME.pattern})"
# Names of which of several something is, as git and registries tell it: by a hash.
_VERSION: Final = r"(?:checksum|commit|digest|revision|sha(?:1|256)?)"
_VERSION_NAME: Final = re.compile(rf"(?<![a-z]){_VERSION}\Z", re.IGNORECASE)
_HASH: Final = r"[0-9a-f]{40}(?:[0-9a-f]{24})?(?![\w-])"
# What is no secret, however it looks: ARNs, digests, --revision=0e9e39f2...
_PUBLIC: Final = re.compile(
    r"\barn:aws[\w-]*:[a-z0-9-]+:[a-z0-9-]*:\d*:[\w+.@:/*-]+"
    rf"|\bsha(?:1|256|384|512)[:-][0-9a-f]{{40,128}}(?![\w-])"
    rf"|(?<![a-z]){_VERSION}[\"']?[\s=:]+[\"']?{_HASH}",
    re.IGNORECASE,
)
# user:password@ and, of the web, token@; or a token among a query's parameters.
_SECRET_IN_URL: Final = re.compile(
    rf"://[^\s/@]{{0,300}}:[^\s@]{{0,1000}}@|https?://[^\s/@]+@"
    rf"|[?&][^\s=&]{{0,100}}{_SECRET_WORD}[^\s=&]{{0,100}}=",
    re.IGNORECASE,
)
# TOKEN=value, --api-key=value, "password": "value", Authorization: Bearer value
_SECRET_ASSIGNED: Final = re.compile(
    rf"(?:{_SECRET_WORD}|authorization){_REST}[\"']?\s*[=:]|\bbearer\s", re.IGNORECASE
)
# --token value; and curl's -u name:password
_OPTION: Final = rf"(?:^|[\s\"'])-{_REST}{_SECRET_WORD}{_REST}"
_SECRET_OPTION: Final = re.compile(rf"{_OPTION}$", re.IGNORECASE)
_SECRET_FOLLOWS: Final = re.compile(rf"{_OPTION}\s", re.IGNORECASE)
# -p password, of programs that mean that by it; a port, a path and a variable are none.
_PASSWORD_OPTION: Final = re.compile(
    r"(?:\b(?:mysql|mariadb|mongo|sshpass|login)[\w-]{0,20}\b[^|;&]{0,200}\s-p"
    r"|\bredis-cli\b[^|;&]{0,200}\s-a)"
    r"\s*[^\s\d/.~$-]"
)
_SHORT_PASSWORD_OPTION: Final = re.compile(r"(?:^|\s)-p\Z")
_NO_PASSWORD: Final = re.compile(r"[/.~$-]")
_USER_OPTION: Final = re.compile(r"(?:^|\s)(?:-u|--user|--proxy-user)(?:[\s=]+|$)", re.IGNORECASE)
# What issuers begin their keys with: AWS, GitHub, GitLab, Slack, Hugging Face, OpenAI and those
# who do as it does, Stripe, npm, PyPI, SendGrid, Google, NVIDIA, Docker, Vault; a JWT; PEM.
_ISSUED: Final = re.compile(
    r"\bA[KS]IA[A-Z0-9]{12}|\bgh[opsru]_\w{10}|\bgithub_pat_|\bglpat-|\bxox[abeoprs]-|\bhf_\w{10}"
    r"|\bsk-(?:[a-z0-9]{16}|(?:admin|ant|lf|live|or|proj|svcacct|test)-\w)|\b[rs]k_(?:live|test)_\w"
    r"|\bwhsec_\w|\bnpm_\w{16}|\bpypi-\w{16}|\bSG\.[\w-]{16}|\bAIza[\w-]{20}|\bnvapi-\w{10}"
    r"|\bdckr_pat_|\bhv[bs]\.\w{16}"
    r"|\beyJ[\w-]{10}|-----BEGIN|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b",
    re.IGNORECASE,
)
_RUN: Final = re.compile(r"[A-Za-z0-9+]{16,}")
_CLASSES: Final = re.compile(r"[a-z]+|[A-Z]+|[0-9]+|\++")
# No name that people write has so many letters and digits without anything between them.
_LONGEST_WORD: Final = 32
_NUMBERS: Final = re.compile(r"[-+]?\d{1,9}(?:[.,:/-]\d{1,9})*(?:%|[a-z]{1,3})?", re.IGNORECASE)
_LONGEST_NUMBERS: Final = 32
_WORDS: Final = re.compile(
    r"true|false|yes|no|on|off|enabled|disabled|auto|none|default|trace|debug|info|notice|warn"
    r"|warning|error|critical|fatal|json|text|bf16|fp16|fp32|fp8|int8|(?:non-)?blocking|",
    re.IGNORECASE,
)
_IN_S3: Final = re.compile(r"s3://[a-z0-9.-]+(?:/[\w./=+-]*)?")
_USERINFO: Final = re.compile(r"://[^\s/@]+@")
# Of other programs' words: what follows "password=", however long the line goes on.
_GIVEN_AWAY: Final = re.compile(
    rf"({_SECRET_WORD}{_REST}[\"']?=[\"']?)[^\s,;&\"']+|(\bbearer\s+)\S+", re.IGNORECASE
)


def names_secret(name: str) -> bool:
    """Whether what goes by this name may be a secret."""
    return bool(_SECRET_NAME.search(_HARMLESS.sub("", name)))


def names_version(name: str) -> bool:
    """Whether what goes by this name is one of several, and may look like a hash."""
    return bool(_VERSION_NAME.search(name))


def is_hash(text: str) -> bool:
    """As of a commit, or of contents."""
    return bool(re.fullmatch(_HASH, text, re.IGNORECASE))


def tells_secret(text: str) -> bool:
    """Whether a command, or a value of a variable, has a secret in it."""
    named = _HARMLESS.sub("", _PUBLIC.sub("", text))
    return bool(
        has_secret_in_url(text)
        or _SECRET_ASSIGNED.search(named)
        or _SECRET_FOLLOWS.search(named)
        or _PASSWORD_OPTION.search(text)
        or _names_user(text)
        or is_random(text)
    )


def has_secret_in_url(text: str) -> bool:
    return bool(_SECRET_IN_URL.search(text))


def follows_secret_option(text: str, before: str) -> bool:
    """Whether the text is the value of the option that the text before it ends in."""
    if _SECRET_OPTION.search(_HARMLESS.sub("", before)):
        return True
    if _SHORT_PASSWORD_OPTION.search(before):
        return not is_plain(text) and not _NO_PASSWORD.match(text)
    found = _USER_OPTION.search(before)
    return found is not None and found.end() == len(before) and ":" in text


def is_plain(text: str) -> bool:
    """A number or several, a size, a duration, a truth value, a word that means as much.

    And what names something to those who may read it: an ARN, a place in S3.
    """
    if _WORDS.fullmatch(text) or _PUBLIC.fullmatch(text):
        return True
    if _IN_S3.fullmatch(text):
        return not tells_secret(text)
    return len(text) <= _LONGEST_NUMBERS and bool(_NUMBERS.fullmatch(text))


def is_random(text: str) -> bool:
    """Whether part of it looks as if nobody had thought it up: a key, a hash, base64, a UUID.

    Words change between small and capital letters and digits now and then, at their ends; what
    is random does so all the time.
    """
    text = _PUBLIC.sub(" ", text)
    return bool(_ISSUED.search(text)) or any(map(_is_random, _RUN.findall(text)))


def concealed(text: str, values: Iterable[str] = ()) -> str:
    """Somebody else's words, which may quote what they were given.

    Args:
        text: of AWS, kustomize, GitHub.
        values: that they were given and that nobody may read.
    """
    for value in sorted(values, key=len, reverse=True):
        for form in (value, json.dumps(value)[1:-1]):
            text = text.replace(form, MASK)
    text = _USERINFO.sub(f"://{MASK}@", text)
    return _GIVEN_AWAY.sub(lambda found: f"{found[1] or found[2]}{MASK}", text)


def _is_random(run: str) -> bool:
    if len(run) >= _LONGEST_WORD:
        return len(set(run)) > len(run) // 8
    changes = len(_CLASSES.findall(run)) - 1
    if sum(map(str.isdigit, run)) > 2:
        return changes >= max(4, len(run) // 8)
    return changes * 5 >= len(run) * 2


def _names_user(text: str) -> bool:
    """``-u name:password``, in one text."""
    found = _USER_OPTION.search(text)
    return found is not None and ":" in text[found.end() :]

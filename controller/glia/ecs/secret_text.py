"""What a text says of itself: that it holds a secret, that it can hardly be one, or neither."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

MASK: Final = "(sensitive)"
_SECRET_NAME: Final = re.compile(
    r"pass|pwd|secret|token|key|credential|private|signature|externalid", re.IGNORECASE
)
# Of language models: --tokenizer, MAX_NUM_BATCHED_TOKENS, pad_token_id.
_OF_LANGUAGE: Final = re.compile(
    r"(?<![a-z])(?:max|min|num)[_.-][\w.-]*tokens(?![a-z])|tokeni[sz](?:e|er|ers|ation)(?![a-z])"
    r"|(?<![a-z])(?:bos|eos|pad|stop|unk)[_-]token(?![a-z])",
    re.IGNORECASE,
)
_SECRET_WORD: Final = f"(?:{_SECRET_NAME.pattern})"
# user:password@ and, of the web, token@; or a token among a query's parameters.
_SECRET_IN_URL: Final = re.compile(
    rf"://[^\s/@]*:[^\s@]*@|https?://[^\s/@]+@|[?&][^\s=&]*{_SECRET_WORD}[^\s=&]*=",
    re.IGNORECASE,
)
# TOKEN=value, --api-key=value, "password": "value", Authorization: Bearer value
_SECRET_ASSIGNED: Final = re.compile(
    rf"(?:{_SECRET_WORD}|authorization)[\w.-]*[\"']?\s*[=:]|\bbearer\s", re.IGNORECASE
)
# --token value; and curl's -u name:password
_SECRET_OPTION: Final = re.compile(rf"(?:^|[\s\"'])-[\w.-]*{_SECRET_WORD}[\w.-]*$", re.IGNORECASE)
_SECRET_FOLLOWS: Final = re.compile(rf"(?:^|[\s\"'])-[\w.-]*{_SECRET_WORD}[\w.-]*\s", re.IGNORECASE)
_USER_OPTION: Final = re.compile(r"(?:^|\s)(?:-u|--user|--proxy-user)(?:[\s=]+|$)", re.IGNORECASE)
# What issuers begin their keys with: AWS, GitHub, GitLab, Slack, Hugging Face; a JWT; PEM.
_ISSUED: Final = re.compile(
    r"\bA[KS]IA[A-Z0-9]{12}|\bgh[opsru]_\w{10}|\bgithub_pat_|\bglpat-|\bxox[abeoprs]-|\bhf_\w{10}"
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
_USERINFO: Final = re.compile(r"://[^\s/@]+@")
# Of other programs' words: what follows "password=", however long the line goes on.
_GIVEN_AWAY: Final = re.compile(
    rf"({_SECRET_WORD}[\w.-]*[\"']?=[\"']?)[^\s,;&\"']+|(\bbearer\s+)\S+", re.IGNORECASE
)


def names_secret(name: str) -> bool:
    """Whether what goes by this name may be a secret."""
    return bool(_SECRET_NAME.search(_OF_LANGUAGE.sub("", name)))


def tells_secret(text: str) -> bool:
    """Whether a command, or a value of a variable, has a secret in it."""
    named = _OF_LANGUAGE.sub("", text)
    return bool(
        has_secret_in_url(text)
        or _SECRET_ASSIGNED.search(named)
        or _SECRET_FOLLOWS.search(named)
        or _names_user(text)
        or is_random(text)
    )


def has_secret_in_url(text: str) -> bool:
    return bool(_SECRET_IN_URL.search(text))


def follows_secret_option(text: str, before: str) -> bool:
    """Whether the text is the value of the option that the text before it ends in."""
    if _SECRET_OPTION.search(_OF_LANGUAGE.sub("", before)):
        return True
    found = _USER_OPTION.search(before)
    return found is not None and found.end() == len(before) and ":" in text


def is_plain(text: str) -> bool:
    """A number or several, a size, a duration, a truth value, a word that means as much."""
    if _WORDS.fullmatch(text):
        return True
    return len(text) <= _LONGEST_NUMBERS and bool(_NUMBERS.fullmatch(text))


def is_random(text: str) -> bool:
    """Whether part of it looks as if nobody had thought it up: a key, a hash, base64, a UUID.

    Words change between small and capital letters and digits now and then, at their ends; what
    is random does so all the time.
    """
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

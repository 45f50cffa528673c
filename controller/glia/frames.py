"""Where an exception comes from, without its words: those may quote a manifest, or a secret."""

from __future__ import annotations

LEFT_OUT = "its words are left out, as they may quote a manifest"
_LED_TO = "\nwhich led to:\n\n"


def frames(error: BaseException) -> str:
    """The tracebacks of an exception and of what led to it, as Python has them but for the words.

    The lines in it are Glia's and its libraries' own, the types are theirs too.
    """
    import traceback  # noqa: PLC0415  (only a bug needs it: a tenth of what --help takes)

    chain: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and not any(at is each for each in chain):
        chain.append(at)
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
    told = (
        f"Traceback (most recent call last):\n{''.join(traceback.format_tb(each.__traceback__))}"
        f"{type(each).__name__} ({LEFT_OUT})\n"
        for each in reversed(chain)
    )
    return _LED_TO.join(told)

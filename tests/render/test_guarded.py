"""What is told to those who may not read the manifests is a sentence all the same."""

from __future__ import annotations

from glia.manifest.document import Source
from glia.manifest.load import load


def test_a_value_is_left_out_and_the_sentence_stays_whole() -> None:
    """Whoever sees the log may not be whom the manifest was written for."""
    read = load([Source("a.yaml", b"apiVersion: glia/v1alpha1\nkind: S3cret\nmetadata: {}\n")])
    told = [each.guarded for each in read.diagnostics]
    assert 'Glia knows no kind "..."' in told
    assert "S3cret" not in "".join(told)

"""``glia iam-policy``: what IAM has to grant for these manifests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from glia.cli.options import PATHS

if TYPE_CHECKING:
    from glia.desired.state import DesiredState
    from glia.iam.policy import Purpose

FAILED = 1


@click.command("iam-policy", short_help="what IAM has to grant for these manifests")
@PATHS
@click.option(
    "--for",
    "purpose",
    type=click.Choice(["plan", "apply"]),
    default="apply",
    show_default=True,
    help="plan and status only read; apply includes them.",
)
@click.option(
    "--principal",
    metavar="ARN",
    help="Whose policy, where manifests name roles to act in: such a role, or `caller`.",
)
@click.option("--adopt", is_flag=True, help="Let services that are not Glia's be taken over too.")
@click.option("--prune", is_flag=True, help="Let services go that no manifest has any more.")
def command(
    *, paths: tuple[str, ...], purpose: Purpose, principal: str | None, adopt: bool, prune: bool
) -> int:
    """Print the least-privilege policy for these manifests, offline.

    Clusters, services, task definitions and roles stand in it by their ARNs; without
    `accountId` in the manifests the account is left open. Only services that carry the owner's
    tag may be changed. Errors in manifests go to standard error; exit code 1 if there are any.
    """
    from glia.cli.wanted import offline, offline_state, wanted
    from glia.iam.policy import CALLER, assuming, policy, principals
    from glia.planning.allowances import Allowances
    from glia.planning.pruning import clusters_to_list
    from glia.render.diagnostics import as_text

    found = wanted(paths, offline)
    laid_out = offline_state(found)
    state, diagnostics = laid_out.state, laid_out.diagnostics
    for each in diagnostics:
        click.echo(as_text(each), err=True)
    failed = any(each.severity == "error" for each in diagnostics)
    if not state.services:
        click.echo("no service whose manifest is right: nothing to grant", err=True)
        return FAILED if failed else 0
    chosen = _principal(state, principal)
    if chosen == CALLER and CALLER not in principals(state):
        statements = [assuming(state)]
    else:
        sharing = {each.manifest.metadata.name for each in found.open}
        pruning = clusters_to_list(found.scope, Allowances(prune=prune))
        made = policy(state, sharing, chosen, purpose, adopts=adopt, pruning=pruning)
        statements = list(made.statements)
        if chosen == CALLER and len(principals(state)) > 1:
            statements.append(assuming(state))
        if made.whole:
            click.echo("too many services for one policy: all of each cluster are named", err=True)
    click.echo(json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2))
    return FAILED if failed else 0


def _principal(state: DesiredState, given: str | None) -> str:
    """The only one; where there are several, the one that is asked for."""
    from glia.errors import UsageError
    from glia.iam.policy import CALLER, principals

    known = principals(state)
    if given is None and len(known) == 1:
        return known[0]
    if given in {*known, CALLER}:
        return str(given)
    told = ", ".join(known)
    if given is None:
        raise UsageError(f"these manifests act as {told}; choose one with --principal")
    raise UsageError(f"no manifest acts as {given}; --principal takes one of: {told}")

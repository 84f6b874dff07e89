"""The project in a browser: dev."""

from __future__ import annotations

import click

from headgate.cli.display import say
from headgate.cli.invocation import Invocation, pass_invocation
from headgate.orchestration.ui_addresses import DAGSTER_PORT, MLFLOW_PORT, REPORTS_PORT

_PORT = click.IntRange(1, 65535)


@click.command()
@click.option("--dagster-port", type=_PORT, default=DAGSTER_PORT, show_default=True, help="Port of the Dagster UI.")
@click.option("--mlflow-port", type=_PORT, default=MLFLOW_PORT, show_default=True, help="Port of the MLflow UI.")
@click.option("--reports-port", type=_PORT, default=REPORTS_PORT, show_default=True, help="Port of the validation reports.")
@pass_invocation
def dev(invocation: Invocation, dagster_port: int, mlflow_port: int, reports_port: int) -> int:
    """Open the project in Dagster, with MLflow and the validation reports beside it, until Ctrl-C."""
    from headgate.orchestration.ui_programs import Ports, run_dev

    ports = Ports(dagster_port, mlflow_port, reports_port)
    return run_dev(invocation.settings, ports, settings_file=invocation.settings_path, say=say)

import dagster as dg
import pytest

from headgate.orchestration.automation import REBUILD_WHEN_CONTENT_CHANGES
from pipelines.definitions import defs


class Chain:
    """upstream → downstream with a blocking check on upstream, on an instance of its own; ticks one after the other."""

    def __init__(self) -> None:
        self.instance = dg.DagsterInstance.ephemeral()
        self.revision = "r1"
        self.check_passes = True
        self.cursor = None

        @dg.asset(check_specs=[dg.AssetCheckSpec("fine", asset="upstream", blocking=True)])
        def upstream() -> dg.MaterializeResult:
            return dg.MaterializeResult(
                data_version=dg.DataVersion(self.revision),
                check_results=[dg.AssetCheckResult(check_name="fine", passed=self.check_passes)],
            )

        @dg.asset(deps=[upstream], automation_condition=REBUILD_WHEN_CONTENT_CHANGES)
        def downstream() -> dg.MaterializeResult:
            return dg.MaterializeResult(data_version=dg.DataVersion("always the same"))

        self.assets = [upstream, downstream]

    def materialize(self, *names: str) -> None:
        selection = dg.AssetSelection.assets(*names)
        dg.materialize(self.assets, instance=self.instance, selection=selection, raise_on_error=False)

    def requested(self) -> int:
        """How many assets the next tick asks for."""
        result = dg.evaluate_automation_conditions(self.assets, self.instance, cursor=self.cursor)
        self.cursor = result.cursor
        return result.total_requested


@pytest.fixture
def chain() -> Chain:
    """Both are materialised and have been looked at."""
    chain = Chain()
    chain.materialize("upstream", "downstream")
    assert chain.requested() == 0
    return chain


def test_changed_content_upstream_asks_for_a_rebuild_once(chain: Chain) -> None:
    chain.revision = "r2"
    chain.materialize("upstream")
    assert chain.requested() == 1
    assert chain.requested() == 0


def test_the_same_content_made_again_asks_for_nothing(chain: Chain) -> None:
    chain.materialize("upstream")
    assert chain.requested() == 0


def test_a_failed_blocking_check_upstream_stands_against_it(chain: Chain) -> None:
    chain.revision, chain.check_passes = "r2", False
    chain.materialize("upstream")
    assert chain.requested() == 0


def test_a_rebuild_by_hand_settles_it(chain: Chain) -> None:
    chain.revision = "r2"
    chain.materialize("upstream")
    chain.materialize("downstream")
    assert chain.requested() == 0


def test_a_run_that_made_both_settles_it(chain: Chain) -> None:
    chain.revision = "r2"
    chain.materialize("upstream", "downstream")
    assert chain.requested() == 0


def test_a_check_that_is_made_apart_is_not_waited_for() -> None:
    """Dagster takes a check that is older than its asset for none; a blocking one would hold up every rebuild."""
    graph = defs.resolve_asset_graph()
    (integrity,) = [graph.get(key) for key in graph.asset_check_keys if key.name == "integrity"]
    made_with_their_asset = {spec.key for asset in defs.assets or () for spec in asset.check_specs}  # type: ignore[union-attr]
    apart = [graph.get(key) for key in graph.asset_check_keys if key not in made_with_their_asset]
    assert apart == [integrity]
    assert not any(check.blocking for check in apart)


def test_the_policy_covers_the_rebuild_and_never_the_release() -> None:
    graph = defs.resolve_asset_graph()
    automated = {key.to_user_string() for key in graph.get_all_asset_keys() if graph.get(key).automation_condition is not None}
    assert automated == {"chunks", "dead_letters", "chunk_table", "bundle", "canary"}

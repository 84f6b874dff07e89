import dagster as dg
import pytest

from headgate.orchestration.handed_on import REFERENCE, CorpusReference, to_metadata, upstream


def reference(revision: str) -> CorpusReference:
    return CorpusReference(revision=revision, files=1)


class MadeBy(dg.Config):
    revision: str = "mine"


@dg.asset
def corpus(config: MadeBy) -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata=to_metadata(reference(config.revision)))


@dg.asset(deps=[corpus])
def meanwhile(context: dg.AssetExecutionContext) -> None:
    """Another run materialises the corpus while this one is between two stages."""
    context.instance.report_runless_asset_event(
        dg.AssetMaterialization("corpus", metadata=to_metadata(reference("another run's")))
    )


class Fail(dg.Config):
    fail: bool = False


@dg.asset(deps=[meanwhile])
def chunks(context: dg.AssetExecutionContext, config: Fail) -> dg.MaterializeResult:
    if config.fail:
        raise dg.Failure("as asked")
    return dg.MaterializeResult(metadata={"read": upstream(context, "corpus", CorpusReference).revision})


ASSETS = [corpus, meanwhile, chunks]
JOB = dg.Definitions(assets=ASSETS, jobs=[dg.define_asset_job("all_of_it")], executor=dg.in_process_executor).resolve_job_def(
    "all_of_it"
)


def read_by(result: dg.ExecuteInProcessResult) -> str:
    (event,) = result.asset_materializations_for_node("chunks")
    return str(event.metadata["read"].value)


def test_a_stage_takes_what_its_own_run_made_not_what_came_later() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        result = JOB.execute_in_process(instance=instance)
        newest = instance.get_latest_materialization_event(dg.AssetKey("corpus"))
        assert newest is not None
        assert newest.asset_materialization is not None
        assert newest.asset_materialization.metadata[REFERENCE].value["revision"] == "another run's"
        assert read_by(result) == "mine"


def test_a_stage_run_alone_takes_the_newest() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        JOB.execute_in_process(instance=instance)
        result = dg.materialize(ASSETS, selection=[chunks], instance=instance)
        assert read_by(result) == "another run's"


def test_a_run_that_continues_a_failed_one_takes_what_that_one_made() -> None:
    with dg.instance_for_test() as instance:
        failed = JOB.execute_in_process(
            run_config={"ops": {"corpus": {"config": {"revision": "the failed run's"}}, "chunks": {"config": {"fail": True}}}},
            instance=instance,
            raise_on_error=False,
        )
        assert not failed.success
        options = dg.ReexecutionOptions(parent_run_id=failed.run_id, step_selection=["chunks"])
        with dg.execute_job(dg.reconstructable(resolved_job), instance, run_config={}, reexecution_options=options) as result:
            assert result.success
            assert read_by(result) == "the failed run's"


def resolved_job() -> dg.JobDefinition:
    return JOB


def test_a_stage_whose_upstream_was_never_made_says_what_to_do() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(ASSETS, selection=[chunks], instance=instance, raise_on_error=False)
        (event,) = [event for event in result.all_events if event.is_step_failure]
        assert event.step_failure_data.user_failure_data is not None
        assert "'corpus' was never materialised" in str(event.step_failure_data.user_failure_data.description)


def test_unknown_keys_of_a_reference_are_refused() -> None:
    with pytest.raises(ValueError, match="extra"):
        CorpusReference.model_validate({"revision": "r", "files": 1, "extra": 2})

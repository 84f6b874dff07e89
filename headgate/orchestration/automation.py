"""When an asset is made anew by itself: the one policy, used by the stages from `chunks` to `canary`."""

import dagster as dg

_content_changed = dg.AutomationCondition.data_version_changed() & ~dg.AutomationCondition.executed_with_root_target()

#: `eager()`, but asking whether the content of what an asset is made from has changed, instead of whether that was made again: the
#: corpus materialised again at the same revision starts nothing. And no blocking check may stand against it.
REBUILD_WHEN_CONTENT_CHANGES = (
    dg.AutomationCondition.eager().replace("newly_updated_without_root", _content_changed.with_label("content_changed"))
    & dg.AutomationCondition.all_deps_blocking_checks_passed()
).with_label("rebuild when content changes")

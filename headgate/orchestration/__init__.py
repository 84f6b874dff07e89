"""Dagster over the library: the one room that imports it. A project's `assets/` and `pipelines/` are thin code over what stands here.

stages        what an asset does: one library call, shown
handed_on     what one stage hands to the next
views, checks what people see of a stage, and what must hold of it
resources     where the project lies
failures      errors as Dagster shows them, with or without another try; run_log: how far a stage is
automation    when an asset is made anew
operations    rollback, clean-up
triggers      when a run is asked for; alerts: who is told of one that failed
ui_programs   `headgate dev`: Dagster, MLflow and the reports of a project; with home, ui_addresses, reports

What must be the same for everyone is here and comes with the next version; what a team changes is in its folder.
"""

"""Dagster over the library: the one room that imports it. A project's `assets/` and `pipelines/` are thin code over what stands here.

references   what one stage hands to the next      views, checks   what people see of a stage, what must hold of it
resources    where the project lies                failures        errors as Dagster shows them, with or without another try
operations   rollback, clean-up                    triggers, alerts  when a run is asked for, who is told of a failed one
automation   when an asset is made anew            dev, home, reports  `headgate dev`

What must be the same for everyone is here and comes with the next version; what a team changes is in its folder.
"""

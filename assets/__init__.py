"""What exists: one Dagster asset per stored thing, one file per stage, each a declaration around one call of `headgate.orchestration.stages`.

corpus ──► chunks ──► chunk_table ──► bundle ──► evaluation_report ──► verdict ──► release
└── 1_ingest ──┘      2_index        3_bundle    └────── 4_evaluate ──────┘       5_release
                                     + canary

Yours to change: groups, automation, descriptions, what else is made from what. What a stage does is the library's.
"""

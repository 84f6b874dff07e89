"""What exists: one Dagster asset per stored thing, one file per stage. Each body is a few lines around one library call.

corpus ──► chunks ──► chunk_table ──► bundle ──► evaluation_report ──► verdict ──► release
└── 1_ingest ──┘      2_index        3_bundle    └────── 4_evaluate ──────┘       5_release
"""

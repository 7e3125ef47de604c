"""One study, from the labelled table to the record.

`run` tells the whole story and `proving` its second half; `tasks` and `proof_tasks` are the slow stages, each kept on
disk; `proof_records` and `gate` turn what was settled into records and verdicts.
"""

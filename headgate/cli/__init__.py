"""The command line: one file per verb group; each verb is one library call."""

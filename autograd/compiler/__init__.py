"""A recorded graph becomes a NumPy program, one file a pass: record, fold, lift, layout, reverse, emit."""

"""The live page of a training: the film's views, fed by a training that runs as long as somebody looks.

``settings`` is what may be chosen, ``sources`` are the data sets, ``training`` is one network under way, ``views`` what
is shown of it, ``code`` the same as a program of one's own. ``page`` passes each ``question`` to the ``session`` of its
tab; ``notebook`` shows it as a widget, and ``watching`` a fit that was called in a cell.
"""

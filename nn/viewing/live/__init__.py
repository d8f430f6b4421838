"""The live page of a training: the film's views, fed by a training that runs as long as somebody looks.

``settings`` is what may be chosen, ``sources`` are the data sets, ``training`` is one network under way, ``views`` what
is shown of it, ``code`` the same as a program of one's own. ``page`` passes each ``question`` to the ``session`` of its
tab; ``notebook`` shows it as a widget, and ``watching`` a fit that was called in a cell.

There is no thread that trains. A page that wants steps or an epoch is answered when they are made; one that trains as
fast as it goes is answered at once, and the session trains *afterwards*, while the page draws, until the next question
is there or its time is over. So a change never waits for steps that nobody will see, and a page that no longer asks
ends its training.
"""

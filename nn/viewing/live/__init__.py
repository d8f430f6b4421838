"""The live page of a training: the film's views, fed by a training that runs as long as somebody looks.

``settings`` is what may be chosen, ``training`` one network in training, ``views`` what is shown of it, ``code`` the
same as a program of one's own, and ``page`` answers the page's questions from one training for each of its tabs.
"""

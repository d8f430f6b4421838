"""The training film: a recording becomes one page to play. A view is what Python knows and what a script draws.

Every picture of a training, the panel beside them too, is a :class:`~nn.viewing.film.view.View`:

- ``spec()`` says what is there: ``{"view": "chart", "title": …}``, names, points, axes with limits and ticks. Its
  ``view`` names the function of ``views.js`` that draws it.
- ``frame(moment)`` gives the numbers of one moment, with the model's parameters set to those of the moment; None if
  there are none yet. What stands under ``rows`` has a row for each sample that can be followed.

Both are dicts of strings, numbers, lists and NumPy arrays: floats, which a page shows to four digits, and bytes, which
are pictures, in whatever shape, row by row. :func:`~nn.viewing.film.packing.packed` makes JSON of them.

>>> import numpy as np
>>> from nn.fit.recording import Moment
>>> from nn.viewing.film.bars import Flow
>>> view = Flow(["w", "b"], [])
>>> view.spec()["view"], view.spec()["names"]
('bars', ['w', 'b'])
>>> view.frame(Moment(1, np.array([0.5, 2.0]), np.array([0.25, 0.5])))
{'values': array([0.25, 0.5 ])}

What stands around the pictures is HTML that :mod:`~nn.viewing.film.markup` writes, with all names escaped, beside what
scripts draw.

In ``views.js`` a view is ``(plot, spec, ask)``: it builds its picture in the element ``plot`` and returns
``draw(frame, moment)``, which shows those numbers, whatever was shown before, and may return a sentence to be read out.
No view knows where frames come from: ``moment`` has the frames of all views by name, in place of ``rows`` those of the
followed sample, and what was chosen: ``sample``, ``neuron`` (null for none), ``shade``, ``scale``. A frame whose
numbers become colours says what full colour stands for twice: ``scale``, by its own numbers, ``full``, as was chosen.
What a reader chooses the page keeps, as ``page.chosen``, and tells, as in ``ask({sample: 3})``: whoever answers draws
the moment anew::

    const page = show($("film"), specs, ask);    // a figure for each spec
    page.draw({epoch: 1, flow: {values: [0.25, 0.5]}, …});
    page.build({loss: spec});                    // some of them anew, where specs are others: curves have grown

The film is one source of moments: all of them stand in the page, and ``film.js`` answers from there. A page that is fed
by a running training takes ``views.js`` as it is, and answers from what it is sent.
"""

"""What the checks of the lessons' exercises say to right answers, and to the usual wrong ones."""

import answers_01_to_05
import answers_06_to_11
import pytest
from exercises import CHECKS, check, committed, exercise


@pytest.mark.parametrize(("name", "answer"), answers_01_to_05.RIGHT + answers_06_to_11.RIGHT)
def test_right_answers(name, answer, capsys):
    check(name, answer)
    assert capsys.readouterr().out == f"{name} is right. ✓\n"


@pytest.mark.parametrize(("name", "answer", "hint"), answers_01_to_05.WRONG + answers_06_to_11.WRONG)
def test_wrong_answers_are_told_what_is_wrong(name, answer, hint, capsys):
    check(name, answer)
    said = capsys.readouterr().out
    assert said.startswith(f"{name} is not right yet: ")
    assert hint in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("answer", [..., [0.25, ...], {"price": ..., "digit": "softmax", "photograph": "sigmoid"}])
def test_dots_are_no_answer_yet(answer, capsys):
    check("5.2", answer)
    assert capsys.readouterr().out == "5.2 is not answered yet: put your answer in the place of the dots.\n"


@pytest.mark.parametrize(
    ("answer", "said"), [(..., "Predict first"), ([1.0, ...], "Predict first"), (0.0, ""), ("", "")]
)
def test_a_prediction_comes_before_the_run(answer, said, capsys):
    assert committed(answer) is not bool(said)
    assert capsys.readouterr().out.startswith(said)


@pytest.mark.parametrize("name", ["4.9", "99.1", "four", "", "4"])
def test_an_exercise_that_is_not_there(name):
    with pytest.raises(ValueError, match="there is no exercise"):
        check(name, 1.0)


def test_an_exercise_has_one_check():
    check("1.1", ...)
    with pytest.raises(ValueError, match=r"1\.1 has a check already"):
        exercise("1.1")(CHECKS["1.1"])

"""The two heads' losses against values worked out by hand."""

import pytest
import torch

from fer_engine.experiments.spec import CnnSpec
from fer_engine.training.losses import head_penalty, mean_loss, squared_hinge


def test_squared_hinge_of_one_face_worked_out_by_hand():
    # Label 2. Own class: score 0.5 -> (1 - 0.5)^2 = 0.25. Others, t = -1, (1 + score)^2 where score > -1:
    # -2 -> 0; -1 -> 0; 0 -> 1; 0.5 -> 2.25; -0.5 -> 0.25; 1 -> 4. Sum 7.75.
    scores = torch.tensor([[-2.0, -1.0, 0.5, 0.0, 0.5, -0.5, 1.0]])
    assert squared_hinge(scores, torch.tensor([2])).item() == pytest.approx(7.75)


def test_squared_hinge_is_a_value_a_face_and_zero_beyond_the_margin():
    apart = torch.full((1, 7), -1.0)
    apart[0, 4] = 1.0
    assert squared_hinge(apart, torch.tensor([4])).item() == 0
    both = torch.cat([apart, torch.zeros(1, 7)])  # all scores 0: seven times 1
    assert squared_hinge(both, torch.tensor([4, 0])).tolist() == [0, 7]
    assert mean_loss(CnnSpec(head="svm"), both, torch.tensor([4, 0]), training=True).item() == pytest.approx(3.5)


def test_squared_hinge_gradient_is_that_of_the_formula():
    # d/ds max(0, 1 - t s)^2 = -2 t max(0, 1 - t s): label 0 at score 0.25 -> -1.5; another class at 0.5 -> 3; beyond -> 0.
    scores = torch.tensor([[0.25, 0.5, -1.5, -1.0, -3.0, -2.0, -1.25]], requires_grad=True)
    squared_hinge(scores, torch.tensor([0])).backward()
    assert scores.grad is not None
    assert scores.grad[0].tolist() == pytest.approx([-1.5, 3.0, 0, 0, 0, 0, 0])


def test_head_penalty_is_half_l2_times_the_sum_of_squares():
    assert head_penalty(torch.tensor([[1.0, -2.0], [0.5, 0.0]]), 0.4).item() == pytest.approx(0.5 * 0.4 * 5.25)


def test_softmax_loss_smooths_labels_in_training_alone():
    spec = CnnSpec(label_smoothing=0.7)
    scores, labels = torch.tensor([[2.0, 0, 0, 0, 0, 0, 0]]), torch.tensor([0])
    log_sum = torch.logsumexp(scores, 1).item()
    assert mean_loss(spec, scores, labels, training=False).item() == pytest.approx(log_sum - 2)
    # 0.3 of the target on class 0, and 0.7 spread over all seven: (0.3 + 0.1) * 2 off the log-sum.
    assert mean_loss(spec, scores, labels, training=True).item() == pytest.approx(log_sum - 0.8)


@pytest.mark.parametrize("head", ["softmax", "svm"])
def test_weights_multiply_each_face_and_the_number_of_faces_divides(head):
    spec = CnnSpec(head=head, label_smoothing=0.0)
    scores, labels = torch.tensor([[2.0, 0, 0, 0, 0, 0, 0], [0.0, 1, 0, 0, 0, 0, 0]]), torch.tensor([0, 3])
    first, second = (mean_loss(spec, scores[i : i + 1], labels[i : i + 1], training=True).item() for i in (0, 1))
    loss = mean_loss(spec, scores, labels, training=True, weights=torch.tensor([0.5, 3.0]))
    assert loss.item() == pytest.approx((0.5 * first + 3 * second) / 2)


def test_loss_of_shares_is_the_cross_entropy_to_them():
    scores = torch.tensor([[2.0, 1.0, 0, 0, 0, 0, 0]])
    log_sum = torch.logsumexp(scores, 1).item()
    loss = mean_loss(CnnSpec(label_smoothing=0.0), scores, torch.tensor([[0.25, 0.5, 0.25, 0, 0, 0, 0]]), training=True)
    assert loss.item() == pytest.approx(0.25 * (log_sum - 2) + 0.5 * (log_sum - 1) + 0.25 * log_sum)

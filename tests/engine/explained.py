"""Networks and faces for the tests of explanations."""

import dataclasses

import numpy as np
import torch

from fer_engine.data.augment import PIXEL_MEAN, PIXEL_STD
from fer_engine.evaluation.calibration import Calibration
from fer_engine.models import registry
from fer_engine.models.config import NetworkConfig
from fer_engine.models.convnet import ConvNet
from fer_engine.predictors import CnnPredictor

METHODS = ("gradcam++", "gradcam")
NETWORKS = ("net2", "net5", "net12")
SOFTMAX = Calibration(scale=0.8, split="PublicTest", n=10, nll=1.0, nll_before=1.0, ece=0.0, ece_before=0.0)
SVM = dataclasses.replace(SOFTMAX, scale=4.0)
# 48 -> 24 -> 24 -> 12: poolings that leave no row over, so that mirroring a face mirrors every map.
SYMMETRIC = NetworkConfig(widths=(4, 6, 5), pool_after=(1, 2), pool_kernel=2, pool_stride=2, average_pool=3, hidden=(8,))


def random_face(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (48, 48), dtype=np.uint8)


def lively(model, seed=0):
    """Give a fresh network statistics and scores that are not near zero, as training does."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.bias.copy_(0.3 * torch.randn(module.bias.shape, generator=generator))
        model.score_weights.copy_(0.3 * torch.randn(model.score_weights.shape, generator=generator))
    return model.eval()


def predictor(config=SYMMETRIC, *, tta="none", calibration=SOFTMAX, seed=0):
    torch.manual_seed(seed)
    model = registry.build(config) if isinstance(config, str) else ConvNet(config)
    return CnnPredictor(lively(model, seed), calibration, tta, name="a-run")


def hand_made_predictor():
    """One 1x1 convolution of two channels, an average pooling to 2x2 quadrants, scores; see `hand_made_face`."""
    model = ConvNet(NetworkConfig(widths=(2,), kernel=1, pool_after=(), average_pool=2, norm="none"))
    convolution, linear = model.body["conv1"][0], model.body["scores"][-1]
    with torch.no_grad():
        # Undo the normalisation of pixels: v / 255 = PIXEL_STD * x + PIXEL_MEAN. With p = v / 51:
        # A_1 = relu(p), A_2 = relu(3 - p).
        convolution.weight.copy_(torch.tensor([5 * PIXEL_STD, -5 * PIXEL_STD]).view(2, 1, 1, 1))
        convolution.bias.copy_(torch.tensor([5 * PIXEL_MEAN, 3 - 5 * PIXEL_MEAN]))
        linear.weight.zero_()
        linear.bias.zero_()
        linear.weight[3] = torch.tensor([1.0, 0.0, 2.0, -1.0, -2.0, 0.0, 0.0, 1.0])
    return CnnPredictor(model.eval(), SOFTMAX)


def hand_made_face():
    """Four quadrants of 24x24 pixels with p = 0, 1, 2, 5."""
    return np.kron(np.array([[0, 51], [102, 255]], np.uint8), np.ones((24, 24), np.uint8))

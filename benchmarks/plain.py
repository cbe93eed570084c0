"""The plain recipe: how most public repositories train a network on FER2013. The baseline, written as they write it.

Float32 in torch's default layout; a `DataLoader` with two workers over a `Dataset` that augments one image at a time
(mirror, a turn of up to ten degrees, a shift of up to a twentieth); Adam at 0.001; cross-entropy; faces of 48 pixels.
"""

from collections.abc import Iterator

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

WORKERS = 2


class Faces(Dataset):
    """Faces, each augmented when it is asked for."""

    def __init__(self, images: np.ndarray, labels: np.ndarray, augmented: bool) -> None:
        self.images, self.labels, self.augmented = images, labels, augmented

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, row: int) -> tuple[torch.Tensor, int]:
        image = self.images[row]
        if self.augmented:
            rng = np.random.default_rng()
            if rng.random() < 0.5:
                image = cv2.flip(image, 1)
            matrix = cv2.getRotationMatrix2D((23.5, 23.5), rng.uniform(-10, 10), 1.0)
            matrix[:, 2] += rng.uniform(-2.4, 2.4, 2)
            image = cv2.warpAffine(image, matrix, (48, 48), borderMode=cv2.BORDER_REPLICATE)
        tensor = torch.from_numpy(image.astype(np.float32) / 255.0)[None]
        return (tensor - 0.5) / 0.5, int(self.labels[row])


def loader(images: np.ndarray, labels: np.ndarray, batch_size: int, *, training: bool) -> DataLoader:
    """Batches of normalised faces (N, 1, 48, 48) with labels (N,), in random order where they are for training."""
    faces = Faces(images, labels, augmented=training)
    return DataLoader(faces, batch_size, shuffle=training, num_workers=WORKERS, drop_last=training, persistent_workers=True)


def steps(network: torch.nn.Module, batches: DataLoader) -> Iterator[float]:
    """Train without end, a step at a time; yields the loss of each."""
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    loss_function = torch.nn.CrossEntropyLoss()
    while True:
        network.train()
        for faces, labels in batches:
            optimizer.zero_grad()
            loss = loss_function(network(faces), labels)
            loss.backward()
            optimizer.step()
            yield loss.item()


def accuracy(network: torch.nn.Module, batches: DataLoader) -> float:
    """Share of right answers."""
    network.eval()
    right = total = 0
    with torch.no_grad():
        for faces, labels in batches:
            right += int((network(faces).argmax(1) == labels).sum())
            total += len(labels)
    return right / total

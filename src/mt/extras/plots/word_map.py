"""Everyday words of both languages, laid out on a plane by the embeddings a model has learned for them."""

from __future__ import annotations

import numpy as np

from mt.text.tokenizer import Tokenizer

# Everyday words and what they mean, each written differently in the two languages.
WORD_PAIRS = """
man/homme woman/femme child/enfant mother/mère father/père brother/frère friend/ami people/gens
house/maison door/porte window/fenêtre room/chambre street/rue city/ville country/pays world/monde
water/eau bread/pain wine/vin fire/feu tree/arbre horse/cheval dog/chien cat/chat
day/jour night/nuit week/semaine month/mois year/année morning/matin evening/soir today/aujourd
hand/main head/tête eyes/yeux heart/cœur body/corps voice/voix name/nom word/mot
red/rouge white/blanc black/noir green/vert good/bon new/nouveau old/vieux small/petit
one/un two/deux three/trois four/quatre five/cinq ten/dix hundred/cent
work/travail money/argent book/livre school/école law/loi war/guerre peace/paix king/roi
see/voir say/dire take/prendre give/donner know/savoir come/venir make/faire
with/avec without/sans under/sous always/toujours never/jamais here/ici very/très also/aussi
"""


def whole_words(tokenizer: Tokenizer) -> list[tuple[int, int]]:
    """Token numbers of the WORD_PAIRS that the tokenizer keeps whole in both languages."""
    found = []
    for pair in WORD_PAIRS.split():
        english, french = (tokenizer.encode(word) for word in pair.split("/"))
        if len(english) == len(french) == 1:
            found.append((english[0], french[0]))
    return found


def principal_components(points: np.ndarray, count: int = 2) -> np.ndarray:
    """Points [N, D] seen along the directions in which they differ most: [N, count]."""
    centred = points - points.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    return centred @ directions[:count].T


def neighbourhoods(points: np.ndarray, neighbours: int = 10, steps: int = 1000) -> np.ndarray:
    """Points [N, D] laid out on a plane so that near ones stay near: t-SNE (van der Maaten and Hinton 2008), begun at the
    principal components, so the same for the same points. `neighbours` is its perplexity.
    """
    distances = ((points[:, None] - points[None]) ** 2).sum(axis=-1)
    near = np.stack([nearness(row, i, min(neighbours, len(points) - 2)) for i, row in enumerate(distances)])
    near = (near + near.T) / near.sum() / 2                                            # [N, N], sums to 1
    plane = principal_components(points)
    plane *= 1e-2 / plane.std()
    speed = np.zeros_like(plane)
    for step in range(steps):
        difference = plane[:, None] - plane[None]                                      # [N, N, 2]
        closeness = 1 / (1 + (difference**2).sum(axis=-1))
        np.fill_diagonal(closeness, 0)
        pull = 12 if step < 250 else 1   # the paper's early exaggeration lets groups form before they spread
        force = (pull * near - closeness / closeness.sum()) * closeness
        speed = (0.5 if step < 250 else 0.8) * speed - len(points) * (force[..., None] * difference).sum(axis=1)
        plane = plane + speed
    return plane


def nearness(distances: np.ndarray, own: int, perplexity: float) -> np.ndarray:
    """How probably each point [N] is the neighbour of point `own`: falling with the distance, so fast that about
    `perplexity` of them count.
    """
    others = np.where(np.arange(len(distances)) == own, np.inf, distances)
    farther = others - others.min()
    low, high = 0.0, np.inf
    for _ in range(60):   # doubling, then halving
        sharpness = (low + high) / 2 if high < np.inf else max(1.0, 2 * low)
        weights = np.exp(-sharpness * farther)
        weights /= weights.sum()
        counted = np.exp(-(weights[weights > 0] * np.log(weights[weights > 0])).sum())
        low, high = (sharpness, high) if counted > perplexity else (low, sharpness)
    return weights


def label_places(points: np.ndarray, texts: list[str], size: float) -> list[tuple[float, float]]:
    """Where each text begins, relative to its point [N, 2]: the place around it where it covers least of what stands there.

    All in the same unit, in which the type is `size` high; letters are taken to be 0.65 of that wide.
    """
    taken = [(x - 0.3 * size, y - 0.3 * size, x + 0.3 * size, y + 0.3 * size) for x, y in points]
    places = []
    for (x, y), text in zip(points, texts, strict=True):
        width = 0.65 * size * len(text)
        around = [(dx, dy) for dx in (0.5 * size, -0.5 * size - width, -0.5 * width) for dy in (-0.4 * size, -1.2 * size, 0.5 * size)]
        boxes = [(x + dx, y + dy, x + dx + width, y + dy + size) for dx, dy in around]
        covered = [sum(overlap(box, other) for other in taken) for box in boxes]
        best = covered.index(min(covered))
        places.append(around[best])
        taken.append(boxes[best])
    return places


def overlap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """The area that two boxes (left, bottom, right, top) share."""
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))

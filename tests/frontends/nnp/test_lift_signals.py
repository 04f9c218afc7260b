"""Lifted transforms, small matrices and sequences, against numpy."""

import numpy as np
import pytest
from nnp_networks import lift_call

from nncc.ir import CompileError

RNG = np.random.default_rng(3)


def random(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def close(found: np.ndarray, expected: np.ndarray) -> None:
    assert found.shape == np.shape(expected)
    np.testing.assert_allclose(found, expected, 1e-3, 1e-4)


def test_fourier_transform_of_frames_and_back() -> None:
    x = random(2, 64)
    options = {"window_size": 16, "stride": 4, "fft_size": 16, "window_type": "hanning"}
    real, imaginary = lift_call("STFT", [x], [(2, 9, 17), (2, 9, 17)], center=True, pad_mode="reflect", **options)
    window = np.hanning(17)[:16]
    padded = np.pad(x, ((0, 0), (8, 8)), "reflect")
    frames = np.stack([padded[:, s : s + 16] * window for s in range(0, 65, 4)], 2)
    spectrum = np.fft.rfft(frames, axis=1)
    close(real, spectrum.real)
    close(imaginary, spectrum.imag)
    (back,) = lift_call("ISTFT", [real, imaginary], (2, 64), center=True, pad_mode="constant", **options)
    close(back, x)


def test_inverse_transform_refuses_windows_with_gaps() -> None:
    with pytest.raises(CompileError, match="leave gaps"):
        lift_call(
            "ISTFT",
            [random(1, 9, 4), random(1, 9, 4)],
            (1, 56),
            window_size=8,
            stride=16,
            fft_size=16,
            window_type="rectangular",
            center=False,
        )


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_small_matrices(n: int) -> None:
    x = random(3, n, n) + 2 * np.eye(n, dtype=np.float32)
    close(lift_call("BatchDet", [x], (3,))[0], np.linalg.det(x))
    close(lift_call("BatchLogdet", [x], (3,))[0], np.linalg.slogdet(x)[1])
    close(lift_call("BatchInv", [x], x.shape)[0], np.linalg.inv(x))
    positive = (x @ x.transpose(0, 2, 1) + np.eye(n)).astype(np.float32)
    close(lift_call("BatchCholesky", [positive], x.shape)[0], np.linalg.cholesky(positive))


def test_matrices_that_are_not_square_are_refused() -> None:
    with pytest.raises(CompileError, match="expected dimension 2 of 'x' to be 3"):
        lift_call("BatchInv", [random(1, 3, 5)], (1, 3, 5))


def test_spectral_norm() -> None:
    weight, u = random(3, 4, 2), random(4)
    (y,) = lift_call("SpectralNorm", [weight], weight.shape, {1: u}, dim=1, itr=50, eps=1e-12)
    matrix = weight.transpose(1, 0, 2).reshape(4, 6)
    close(y, weight / np.linalg.svd(matrix, compute_uv=False)[0])


@pytest.mark.parametrize("batch_first", [True, False])
def test_sequences_are_packed_and_padded(batch_first: bool) -> None:
    lengths = np.array([4, 2, 2, 1], np.float32)
    timed = random(5, 4, 3)
    padded = timed.transpose(1, 0, 2) if batch_first else timed
    packed, sizes = lift_call("PackPaddedSequence", [padded, lengths], [(9, 3), (5,)], batch_first=batch_first)
    rows = [timed[t, s] for t in range(5) for s in range(4) if t < lengths[s]]
    close(packed, np.array(rows))
    assert sizes.tolist() == [4, 3, 1, 1, 0]
    back, found = lift_call(
        "PadPackedSequence", [packed, sizes], [(0, 0, 3), (0,)], batch_first=batch_first, total_length=6
    )
    expected = np.zeros((6, 4, 3))
    for s, length in enumerate(lengths.astype(int)):
        expected[:length, s] = timed[:length, s]
    close(back, expected.transpose(1, 0, 2) if batch_first else expected)
    assert found.tolist() == lengths.tolist()


def test_masks_gather_and_scatter() -> None:
    x, mask = random(2, 3, 2, 2), np.array([[1, 0, 1], [0, 0, 1]], np.float32)
    (rows,) = lift_call("BoolGather", [x, mask], (3, 4))
    close(rows, x[mask > 0].reshape(3, 4))
    (back,) = lift_call("BoolScatter", [x[mask > 0], mask], x.shape)
    close(back, x * mask[..., None, None])

"""The optics of the simulated cytometer written down plainly: the reference for tests and the benchmark."""

import numpy as np
from scipy import fft


def plainly(optics, path, absorption, z):
    """The equation of `Optics.intensity` word by word: tilt in space, full grid, pixels by their own spectrum."""
    x = optics.axis_um - optics.axis_um[0]
    frequency = fft.fftfreq(optics.grid, optics.step_um)
    squared = frequency[:, None] ** 2 + frequency**2
    axial = 2 * np.pi * np.sqrt((optics.medium_index / optics.wavelength_um) ** 2 - np.minimum(squared, 3.0))
    passed = (squared <= (optics.numerical_aperture / optics.wavelength_um) ** 2) * np.exp(1j * z * axial)
    transmission = np.exp(-absorption / 2 + 2j * np.pi / optics.wavelength_um * path)
    total = np.zeros_like(squared)
    for (up, across), weight in zip(*optics._source, strict=True):
        tilt = np.exp(2j * np.pi * (up * x[:, None] + across * x) / (optics.pixels * optics.pixel_um))
        total += weight * np.abs(fft.ifft2(passed * fft.fft2(transmission * tilt))) ** 2
    pixel = np.sinc(frequency * optics.pixel_um) * np.exp(1j * np.pi * frequency * optics.step_um)
    smooth = fft.ifft2(fft.fft2(total) * pixel[:, None] * pixel).real
    return smooth[:: optics.oversampling, :: optics.oversampling]

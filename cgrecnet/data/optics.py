"""How a transparent cell becomes a brightfield picture: defocus, aperture, illumination, pixels.

Scalar wave optics in its simplest form (Goodman, Introduction to Fourier Optics): the cell multiplies a plane
wave by a complex transmission, the wave travels to the plane in focus (angular spectrum), the objective
cuts off high spatial frequencies, and the camera sees the intensity.
A thin transparent cell in focus is almost invisible; its rings and halos come from defocus.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import fft


@dataclass(frozen=True)
class Optics:
    """An objective and a camera; lengths in micrometres.

    The defaults are those of a 40x imaging flow cytometer: 0.5 um per pixel, NA 0.75.
    The magnification of the paper's images is not published; it is an assumption here.
    """

    pixel_um: float = 0.5
    wavelength_um: float = 0.6
    numerical_aperture: float = 0.75
    condenser_aperture: float = 0.2
    medium_index: float = 1.337
    pixels: int = 64
    oversampling: int = 2

    @property
    def grid(self) -> int:
        """Points per side of the fine grid on which the wave is computed."""
        return self.pixels * self.oversampling

    @cached_property
    def axis_um(self) -> np.ndarray:
        """Coordinates of the fine grid's points along one side, zero in the middle; shape (grid,)."""
        step = self.pixel_um / self.oversampling
        return (np.arange(self.grid) - (self.grid - 1) / 2) * step

    @cached_property
    def _pupil(self) -> tuple[np.ndarray, np.ndarray]:
        """Flat indices of the frequencies that pass the aperture, and their axial wave numbers (1/um)."""
        frequency = fft.fftfreq(self.grid, self.pixel_um / self.oversampling)
        squared = frequency[:, None] ** 2 + frequency[None, :] ** 2
        passed = np.flatnonzero(squared <= (self.numerical_aperture / self.wavelength_um) ** 2)
        in_medium = self.medium_index / self.wavelength_um
        # The constant term is a phase of the whole picture and drops out of the intensity.
        axial = 2 * np.pi * (np.sqrt(in_medium**2 - squared.ravel()[passed]) - in_medium)
        return passed, axial

    @cached_property
    def _pixel_frequencies(self) -> tuple[np.ndarray, np.ndarray]:
        """Squared frequency (1/um^2) and transfer of one square pixel on the camera's half spectrum.

        A pixel's middle lies between the fine points that it covers: the transfer carries that shift.
        """
        up = fft.fftfreq(self.pixels, self.pixel_um)[:, None]
        across = fft.rfftfreq(self.pixels, self.pixel_um)[None, :]
        square = np.sinc(up * self.pixel_um) * np.sinc(across * self.pixel_um)
        shift_um = (self.oversampling - 1) / 2 * self.pixel_um / self.oversampling
        return up**2 + across**2, square * np.exp(2j * np.pi * shift_um * (up + across))

    def intensity(self, path_um: np.ndarray, absorption: np.ndarray, defocus_um: np.ndarray) -> np.ndarray:
        """Relative intensity on the camera, 1 where there is no cell; shape (cells, pixels, pixels).

        T(x, y) = exp(-a/2 + 2 pi i L / wavelength), U = F^-1[P exp(i k_z z) F[T]], I = |U|^2, blurred by the
        extent of the light source (standard deviation: condenser aperture x |z|) and by the pixel.
        path_um: optical path difference L to the medium, um; absorption: a, natural logarithm of the intensity
        that is lost; both of shape (cells, grid, grid).
        defocus_um: z, shape (cells,): how far beyond the cell, along the light, the plane in focus lies.
        """
        cells = len(path_um)
        transmission = np.exp(-absorption / 2 + (2j * np.pi / self.wavelength_um) * path_um)
        spectrum = fft.fft2(transmission, overwrite_x=True).reshape(cells, -1)
        passed, axial = self._pupil
        kept = np.zeros_like(spectrum)
        kept[:, passed] = spectrum[:, passed] * np.exp(1j * defocus_um[:, None] * axial)
        wave = fft.ifft2(kept.reshape(cells, self.grid, self.grid), overwrite_x=True)
        return self._to_pixels(wave.real**2 + wave.imag**2, defocus_um)

    def _to_pixels(self, intensity: np.ndarray, defocus_um: np.ndarray) -> np.ndarray:
        """Blur by source and pixel, and sample once per pixel, in the Fourier domain."""
        half = self.pixels // 2
        spectrum = fft.rfft2(intensity)[:, :, : half + 1]
        spectrum = np.concatenate([spectrum[:, :half], spectrum[:, -half:]], axis=1)
        squared, pixel = self._pixel_frequencies
        width = self.condenser_aperture * np.abs(defocus_um)
        blur = np.exp(-2 * (np.pi * width[:, None, None]) ** 2 * squared)
        sampled = fft.irfft2(spectrum * blur * pixel, s=(self.pixels, self.pixels))
        return sampled / self.oversampling**2

    def bin_mask(self, mask: np.ndarray) -> np.ndarray:
        """Fine mask -> pixel mask: a pixel belongs if at least half of it does; (cells, pixels, pixels)."""
        cells, n, k = len(mask), self.pixels, self.oversampling
        return mask.reshape(cells, n, k, n, k).mean(axis=(2, 4)) >= 0.5

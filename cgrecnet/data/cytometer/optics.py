"""How a transparent cell becomes a brightfield picture: tilted plane waves, defocus, aperture, pixels.

Scalar wave optics in its simplest form (Goodman, Introduction to Fourier Optics): the cell multiplies a plane
wave by a complex transmission, the wave travels to the plane in focus (angular spectrum), the objective
cuts off high spatial frequencies, and the camera sees the intensity.
The light source is extended: each of its points sends a plane wave from its own direction, waves of different
points do not interfere, so their intensities add up (Abbe).
A thin transparent cell in focus is almost invisible; its rings and halos come from defocus.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import fft

from cgrecnet.data.cytometer.parameters import parameters
from cgrecnet.errors import ConfigError

_DEFAULT = parameters().optics
_FORTY = parameters().objectives["40x"]

_NOTHING = 1e-9  # um of optical path, or absorption, that counts as none
#: Number of source points -> how many stand on a ring, and the weight of the one in the middle.
_RULES = {1: (0, 1.0), 4: (4, 0.0), 7: (6, 0.25)}


@dataclass(frozen=True)
class Optics:
    """An objective, a condenser and a camera; lengths in micrometres.

    The defaults are those of a 40x imaging flow cytometer (`parameters.yaml` says where they come from).
    The magnification of the paper's images is not published; 40x is an assumption.
    condenser_aperture: numerical aperture of the illumination; 0 is one plane wave (fully coherent light).
    source_points: plane waves that stand for the extended source; 1, 4, 7, or 0 for every direction of the grid.
    oversampling: points of the object's grid per pixel and side.
    Raises ConfigError where the object's grid is too coarse for the apertures.
    """

    pixel_um: float = _FORTY.pixel_um
    wavelength_um: float = _DEFAULT.wavelength_um
    numerical_aperture: float = _FORTY.numerical_aperture
    condenser_aperture: float = _DEFAULT.condenser_aperture
    medium_index: float = _DEFAULT.medium_index
    pixels: int = _DEFAULT.pixels
    oversampling: int = 2
    source_points: int = _DEFAULT.source_points

    def __post_init__(self) -> None:
        needed = (self.numerical_aperture + self.condenser_aperture) / self.wavelength_um
        if 2 * self.step_um * needed > 1:
            raise ConfigError(
                f"A grid with {self.oversampling} points per pixel of {self.pixel_um} um is too coarse for apertures "
                f"{self.numerical_aperture} and {self.condenser_aperture}: raise `oversampling` to "
                f"{int(np.ceil(2 * self.pixel_um * needed))} or more."
            )
        if self.numerical_aperture >= self.medium_index:
            raise ConfigError(
                f"The numerical aperture {self.numerical_aperture} must lie below the medium's index "
                f"{self.medium_index}."
            )
        if self.source_points not in (0, *_RULES):
            raise ConfigError(f"There is no rule for {self.source_points} source points; use 1, 4, 7 or 0 (all).")

    @property
    def grid(self) -> int:
        """Points per side of the fine grid on which the object is given."""
        return self.pixels * self.oversampling

    @property
    def step_um(self) -> float:
        """Distance of the points of the fine grid."""
        return self.pixel_um / self.oversampling

    @cached_property
    def axis_um(self) -> np.ndarray:
        """Coordinates of the fine grid's points along one side, zero in the middle; shape (grid,)."""
        return (np.arange(self.grid) - (self.grid - 1) / 2) * self.step_um

    def intensity(self, path_um: np.ndarray, absorption: np.ndarray, defocus_um: np.ndarray) -> np.ndarray:
        """Relative intensity on the camera, 1 where there is no cell; shape (cells, pixels, pixels).

        T(x) = exp(-a/2 + 2 pi i L / wavelength);
        U_s = F^-1[P(f) exp(i z k_z(f)) F[T exp(2 pi i f_s x)]], I = sum_s w_s |U_s|^2, averaged over each pixel.
        path_um: optical path difference L to the medium, um; absorption: a, natural logarithm of the intensity
        that is lost; both of shape (cells, grid, grid).
        defocus_um: z, shape (cells,): how far beyond the cell, along the light, the plane in focus lies.
        """
        spectrum = self._spectrum(path_um, absorption)
        passed = self._travel(defocus_um)
        total = np.zeros(spectrum.shape)
        for (up, across), weight in zip(*self._source, strict=True):
            # A tilted wave shifts the spectrum, so cutting out another window of it is all there is to do.
            # Where the window starts changes only the phase of the wave, which the intensity does not see.
            rows, columns = (slice(start, start + self._window) for start in (self._start - up, self._start - across))
            wave = fft.ifft(spectrum[:, rows, columns] * passed, self.grid, axis=2, overwrite_x=True)
            wave = fft.ifft(wave, self.grid, axis=1, overwrite_x=True)
            total += weight * (wave.real**2 + wave.imag**2)
        return self._camera @ total @ self._camera.T

    def _spectrum(self, path_um: np.ndarray, absorption: np.ndarray) -> np.ndarray:
        """Spectrum of the transmission with frequency 0 in the middle."""
        there = np.flatnonzero((np.abs(path_um) > _NOTHING) | (absorption > _NOTHING))
        phase = np.ravel(path_um)[there] * (2 * np.pi / self.wavelength_um)
        amplitude = np.exp(-0.5 * np.ravel(absorption)[there])
        transmission = np.ones(np.shape(path_um), complex)
        flat = transmission.reshape(-1)
        flat.real[there], flat.imag[there] = amplitude * np.cos(phase), amplitude * np.sin(phase)
        return fft.fftshift(fft.fft2(transmission, overwrite_x=True), axes=(1, 2))

    @property
    def _window(self) -> int:
        """Points per side of the part of the spectrum that the aperture can pass: the rest need not be looked at."""
        return 2 * int(self.numerical_aperture / self.wavelength_um * self.pixels * self.pixel_um) + 1

    @property
    def _start(self) -> int:
        """Index in the shifted spectrum of the window's first frequency."""
        return self.grid // 2 - self._window // 2

    def _travel(self, defocus_um: np.ndarray) -> np.ndarray:
        """P exp(i z k_z), the aperture and the way to the plane in focus, (cells, window, window).

        k_z depends on the distance from frequency 0 alone, so one value per ring is computed and dealt out.
        k_z of the wave along the axis is left out: it is a phase of the whole picture.
        """
        place, axial = self._rings
        phase = np.asarray(defocus_um)[:, None] * axial
        values = np.zeros((len(phase), len(axial) + 1), complex)
        values.real[:, :-1], values.imag[:, :-1] = np.cos(phase), np.sin(phase)
        return values[:, place]

    @cached_property
    def _rings(self) -> tuple[np.ndarray, np.ndarray]:
        """Ring of each point of the window, and k_z (1/um) of each ring; the last ring lies outside the aperture."""
        bins = np.arange(self._window) - self._window // 2
        squares, place = np.unique(bins[:, None] ** 2 + bins**2, return_inverse=True)
        squared = squares / (self.pixels * self.pixel_um) ** 2
        squared = squared[squared <= (self.numerical_aperture / self.wavelength_um) ** 2]
        in_medium = self.medium_index / self.wavelength_um
        axial = 2 * np.pi * (np.sqrt(in_medium**2 - squared) - in_medium)
        return np.minimum(place.reshape(len(bins), -1), len(squared)), axial

    @cached_property
    def _source(self) -> tuple[list[tuple[int, int]], list[float]]:
        """Directions of the plane waves, in steps of the frequency grid, and their weights, which sum to 1.

        The rules integrate over a disc: 4 points exactly for polynomials of degree 3, 7 points of degree 5
        (Stroud, Approximate Calculation of Multiple Integrals, 1971), before rounding to the grid.
        """
        radius = self.condenser_aperture / self.wavelength_um * self.pixels * self.pixel_um
        if self.source_points == 0:
            bins = np.arange(-int(radius), int(radius) + 1)
            inside = np.argwhere(bins[:, None] ** 2 + bins**2 <= radius**2) + bins[0]
            return [(int(up), int(across)) for up, across in inside], [1 / len(inside)] * len(inside)
        ring, middle = _RULES[self.source_points]
        reach = radius * np.sqrt((1 / (1 - middle)) / 2) if ring else 0.0
        angles = 2 * np.pi * np.arange(ring) / max(ring, 1)
        points = [(round(reach * np.sin(angle)), round(reach * np.cos(angle))) for angle in angles]
        weights = [(1 - middle) / max(ring, 1)] * ring
        return ([(0, 0)] if middle else []) + points, ([middle] if middle else []) + weights

    @cached_property
    def _camera(self) -> np.ndarray:
        """Intensity on the fine grid -> means over the pixels, along one side; shape (pixels, grid).

        Each frequency is weakened by the pixel's width; what a pixel cannot resolve folds back, as on a camera.
        """
        frequency = fft.fftfreq(self.grid, self.step_um)
        centres = (np.arange(self.pixels) + 0.5) * self.pixel_um - self.step_um / 2
        points = np.arange(self.grid) * self.step_um
        waves = np.exp(2j * np.pi * frequency * (centres[:, None, None] - points[:, None]))
        return (waves * np.sinc(frequency * self.pixel_um)).sum(axis=2).real / self.grid

    def emission(self, light: np.ndarray, defocus_um: np.ndarray, wavelength_um: float) -> np.ndarray:
        """Picture of a body that shines by itself (fluorescence); shape (cells, pixels, pixels).

        Light of different points does not interfere, so the picture is the light blurred by the point spread
        function |F^-1[P exp(i z k_z)]|^2, which keeps its sum, and summed over each pixel.
        light: photons per fine point, (cells, grid, grid); defocus_um: (cells,); wavelength_um: of the emission.
        """
        frequency = fft.fftfreq(self.grid, self.step_um)
        squared = frequency[:, None] ** 2 + frequency**2
        passed = squared <= (self.numerical_aperture / wavelength_um) ** 2
        axial = 2 * np.pi * np.sqrt(np.maximum((self.medium_index / wavelength_um) ** 2 - squared, 0))
        wave = fft.ifft2(passed * np.exp(1j * np.asarray(defocus_um)[:, None, None] * axial))
        spread = wave.real**2 + wave.imag**2
        transfer = fft.rfft2(spread / spread.sum(axis=(1, 2), keepdims=True))
        return self._sum_pixels(fft.irfft2(fft.rfft2(light) * transfer, s=(self.grid, self.grid)))

    def bin_mask(self, mask: np.ndarray) -> np.ndarray:
        """Fine mask -> pixel mask: a pixel belongs if at least half of it does; (cells, pixels, pixels)."""
        return self._sum_pixels(mask.view(np.uint8)) * 2 >= self.oversampling**2

    def _sum_pixels(self, fine: np.ndarray) -> np.ndarray:
        """Sum over the fine points of each pixel."""
        k = self.oversampling
        return sum(fine[:, i::k, j::k] for i in range(k) for j in range(k))

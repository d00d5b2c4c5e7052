# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A first page
#
# It shows that a chapter is executed; others will take its place.
# The line is $y = x^2$, and see {cite}`li2026cgrecnet`.

# %% tags=["parameters"]
points = 50  # type: int

# %% mystnb={"image": {"alt": "A parabola from 0 to 1."}, "figure": {"name": "fig-first", "caption": "A parabola."}}
import matplotlib.pyplot as plt
import numpy as np

x = np.linspace(0, 1, points)
fig, ax = plt.subplots()
ax.plot(x, x**2)
plt.show()

# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Ablation
#
# **You will learn** what each of the two modules adds to the baseline on real cells, how to compare networks over folds that share their training cells, and what the result is worth.
#
# **You need** {doc}`/book/5_results/plan` and {doc}`/book/3_model/assembled`.
# Reading takes about {reading-time}`this page`.
#
# An ablation takes a thing apart to see what each part does.
# Here there are four networks: the baseline ResNet-50, the baseline with the fusion module alone (ResCMNet), with the gate alone (ResGDNet), and with both (CG-RecNet).
# The paper's ablation is its Table 3 and Figure 5, on its own cells.
# This page is the counterpart on **Jurkat cells**, real ones of another kind, with three classes of the cell cycle (G1, S+G2, M).
# What is asked, and by which rule it is answered, was written down before the runs ({doc}`plan`, questions P1 to P3).

# %% tags=["remove-input"]
import inspect

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown

from cgrecnet.evaluation.paired import corrected_resampled_t, has_spread, paired_t
from cgrecnet.evaluation.plan import Outcome, load_plan
from cgrecnet.figures.ablation import ROWS, ablation_headers, ablation_rows, cost_rows
from cgrecnet.figures.ablation_caveats import dead_runs, dead_text, rate_text, skip_text
from cgrecnet.figures.answers import HEADERS, interval, p_text, points
from cgrecnet.figures.cells import draw_absent
from cgrecnet.figures.choices import RATE_PARTS, option_runs, rate_runs, reading_runs
from cgrecnet.figures.dead_path import all_studies
from cgrecnet.figures.decisions import decision_rows, decision_sentence, draw_forest
from cgrecnet.figures.explained import load_study, provenance_of_study
from cgrecnet.figures.folds import by_model, draw_boxes, draw_fold_curves, last_gaps, mean_text, score_of, title_of
from cgrecnet.figures.fusion_by_seed import seed_table, seed_words, seeded_pairs
from cgrecnet.figures.missing import all_read, missing_runs, provenance_of
from cgrecnet.figures.planned import decide_over_folds, overlap, rarest_class
from cgrecnet.figures.real_rates import real_rate_runs, real_rate_words
from cgrecnet.figures.style import use_book_style
from cgrecnet.figures.wide_table import wide_table
from cgrecnet.paper.tables import load_tables
from cgrecnet.paths import RESULTS
from cgrecnet.runs.experiments import experiment

use_book_style()
results, part = RESULTS, ("ablation", "jurkat")
plan, table3 = load_plan(), load_tables()["3"]
jurkat, zhu = experiment(*part, results), experiment("ablation", "zhu", results)
records = list(jurkat.records) if jurkat else []
groups = by_model(records)
absent = "The runs of sweeps/jurkat-ablation.yaml are not here."
Markdown(missing_runs(part, results=results))

# %% tags=["remove-input"]
if records:
    config, folds = records[0].config, sorted({record.config["fold"] for record in records})
    minutes = sum(record.wall_seconds for record in records) / 60
    fresh = sorted({part for record in records for part in record.weights["fresh_parts"]})
    text = (
        f"The runs: {len(records)} of {jurkat.planned}, on {len(folds)} of {config['folds']} folds, images of {config['image_size']} pixels, {config['epochs']} epochs, batches of {config['batch_size']}, "
        f"first learning rate {config['learning_rate']:g}, divided by {1 / config['gamma']:.0f} every {config['step_size']} epochs, one seed ({config['seed']}), {minutes:.0f} minutes of training in all. "
        f"Every network starts from the same ImageNet weights, except for what has no such weights: {', '.join(f'`{name}`' for name in fresh)}. "
        f"The paper trains for {load_tables()['S'].cell('Epochs', 'setting').value} epochs at its full image size. "
        "So this is a small copy of the paper's experiment, made on two processor cores, and says what these networks do after this little training."
    )
else:
    text = absent
Markdown(text)

# %% [markdown]
# ## The scores
#
# The counterpart of the paper's **Table 3**.
# The paper's columns are of **other cells**; they stand here so that nobody has to look them up, and ours should not be expected to equal them.
# A column for the paper's own cells (`zhu`) appears by itself when somebody has run `sweeps/ablation.yaml` on them.

# %% tags=["remove-input"]
sets = {"Jurkat": records} if records else {}
if zhu:
    sets["zhu, simulated" if zhu.records[0].data["simulated"] else "zhu"] = list(zhu.records)
Markdown(
    wide_table(ablation_headers(sets), ablation_rows(table3, sets), "Counterpart of Table 3 of the paper: scores of the ablation")
    + "\n\nOurs: mean ± SD over test folds, n folds. The paper's: as printed, over its folds; *lost*: not in the text at hand. "
    + ("" if len({len(own) for own in groups.values()}) < 2 else "Not every network has the same folds yet, so compare within folds, as below, and not these means. ")
    + ("" if zhu else "There are no runs on the paper's own cells here. ")
    + ("" if not zhu or not zhu.records[0].data["simulated"] else "The columns `zhu, simulated` are of simulated cells in the layout of the paper's files and say nothing about its cells. ")
)

# %% tags=["remove-input"]
provenance_of(records, part)

# %% tags=["remove-input"]
if zhu:
    display(provenance_of(list(zhu.records), ("ablation", "zhu")))  # noqa: F821

# %% [markdown]
# What the modules cost, in the same order.
# A MAC is one multiplication with one addition; the printed GFLOPs follow no convention that we could find ({doc}`/book/1_question/audit`).

# %% tags=["remove-input"]
size = records[0].config["image_size"] if records else "run"
headers = ("model", "paper: parameters (M)", "paper: GFLOPs", "parameters (M)", "GMAC at 224 px", f"GMAC at {size} px")
rows = cost_rows(table3, records)
swapped = (
    records
    and {"rescmnet", "resgdnet"} <= set(groups)
    and f"{groups['rescmnet'][0].parameters / 1e6:.2f}" == table3.cell("ResGDNet", "parameters").value
    and f"{groups['resgdnet'][0].parameters / 1e6:.2f}" == table3.cell("ResCMNet", "parameters").value
)
Markdown(
    wide_table(headers, rows, "Parameters and operations of the four networks, printed and counted")
    + "\n\nParameters and MACs are counted in the networks of these runs; they do not depend on the cells."
    + (" Our ResCMNet, with the fusion alone, has the parameters of the row that the paper labels ResGDNet, and the other way round: that is a reading, argued in {doc}`/book/3_model/recovery`. We name a network by what is in it." if swapped else "")
)

# %% [markdown]
# ## Fold by fold
#
# The first half of the counterpart of the paper's **Figure 5**: its boxes.

# %% tags=["hide-input"] mystnb={"image": {"alt": "One box per network over its test folds, with a dot for each fold; thin grey lines join the dots that belong to one fold."}, "figure": {"name": "fig-ablation-boxes", "caption": "Compare along the grey lines, not from box to box. A line joins the scores on one and the same fold, and some folds are harder than others for every network; the boxes mix that with the difference between networks. Accuracy on the test cells of each fold; box: quartiles and median; Jurkat cells, real."}}
draw_boxes(records) if records else draw_absent(absent)
plt.show()

# %% tags=["remove-input"]
provenance_of(records, part)

# %% [markdown]
# Each fold gives one difference $d_i$ between two networks.
# If the folds were independent, the standard error of their mean would be $s_d/\sqrt n$, and that is the paired t-test that the paper used.
# But the folds are not independent: any two of them share most of their training cells, so they repeat the same luck.
# Nadeau and Bengio {cite}`nadeau2003inference` found that the error is larger, about
#
# $$
# \operatorname{SE}(\bar d) = s_d \sqrt{\frac{1}{n} + \frac{n_\text{test}}{n_\text{train}}} ,
# $$ (eq-ablation-corrected)
#
# with the numbers of test and training cells of one fold.
# The plan asks for this one.

# %%
print(inspect.getsource(corrected_resampled_t).split('"""')[-1])

# %% tags=["remove-input"]
if records and max(map(len, groups.values())) > 1:
    share, n = overlap(records), max(map(len, groups.values()))
    text = f"Here $n_\\text{{test}}/n_\\text{{train}}$ is {share:.2f}, and with n = {n} folds {{eq}}`eq-ablation-corrected` makes the standard error {np.sqrt(1 / n + share) / np.sqrt(1 / n):.2f} times that of the plain test."
else:
    text = "Until a network has at least two folds there is nothing to test."
Markdown(text)

# %% [markdown]
# ## Do the modules help?
#
# Questions P1 (both modules against none) and P2 (each step by itself) of the plan, corrected together for their five contrasts.

# %% tags=["remove-input"]
decisions = [d for name in ("P1", "P2") for d in decide_over_folds(name, records)] if records else []
known = {d.contrast: d for d in decisions}
planned = [contrast for name in ("P1", "P2") for contrast in plan[name].contrasts]

# %% tags=["hide-input"] mystnb={"image": {"alt": "A forest plot: one row per contrast, with a dot for the mean difference in accuracy, a thick bar for its 90 % interval and a thin one for its 95 % interval, a vertical line at zero and a grey band for the margin; a word over each row says the outcome."}, "figure": {"name": "fig-ablation-forest", "caption": "The grey band is the margin that was fixed before the runs: a thick bar that lies inside it says that a difference does not matter, one that reaches out of it and across zero that more runs are needed. Difference in accuracy over the folds that both networks have (n: in the table below), with 90 % intervals (thick) and 95 % intervals (thin) of the corrected resampled t-test; Jurkat cells, real."}}
draw_forest(decisions) if decisions else draw_absent("No contrast has enough folds yet." if records else absent)
plt.show()

# %% tags=["remove-input"]
provenance_of(records, part)

# %% tags=["remove-input"]
left_out = [contrast for contrast in planned if contrast not in known]
few = [d for d in decisions if records and d.result.n < records[0].config["folds"]]
Markdown(
    (wide_table(HEADERS, decision_rows(decisions), "Outcomes of the planned questions P1 and P2") if decisions else "")
    + (f"\n\n{len(left_out)} of {len(planned)} planned contrasts cannot be computed yet; Holm's correction counts them as if they were there." if left_out else "")
    + (f"\n\nOf the contrasts shown, {len(few)} rest on fewer than all {records[0].config['folds']} folds and are provisional." if few else "")
)

# %% tags=["remove-input"]
claim_gain = table3.cell("CG-RecNet", "accuracy").number - table3.cell("Baseline", "accuracy").number
lines = []
whole = known.get(("cg_recnet", "resnet50"))
if whole:
    lines.append(f"**P1.** {decision_sentence(whole)}")
    lines.append(
        f"The paper prints {points(claim_gain)} points for the same pair on its own cells. "
        + (
            "That value lies inside our 95 % interval, which is no confirmation: the cells are others."
            if whole.result.interval95[0] <= claim_gain <= whole.result.interval95[1]
            else "That value lies outside our 95 % interval, which is no contradiction: the cells, the image size and the length of training are others."
        )
    )
steps = [d for d in decisions if d.question == "P2"]
if steps:
    by_outcome = {outcome: [d.name for d in steps if d.outcome is outcome] for outcome in Outcome}
    better = [d for d in steps if d.outcome is Outcome.DIFFERENCE and d.result.difference > 0]
    worse = [d for d in steps if d.outcome is Outcome.DIFFERENCE and d.result.difference < 0]
    lines.append(
        f"**P2.** Outcomes of {len(steps)} steps: *difference* upwards {len(better)}, *difference* downwards {len(worse)}, "
        f"difference too small to matter {len(by_outcome[Outcome.SMALL_DIFFERENCE])}, no difference beyond the margin {len(by_outcome[Outcome.NO_DIFFERENCE])}, undecided {len(by_outcome[Outcome.UNDECIDED])}."
    )
    if len(better) == len(plan["P2"].contrasts):
        lines.append("So on these cells each module helps alone, and both together help more than either.")
    else:
        lines.append(("So far" if few or left_out else "So") + " on these cells, after so little training, it was not shown that each module helps and that both together help more than either.")
Markdown("\n\n".join(lines) if lines else "There is nothing to conclude yet.")

# %% tags=["remove-input"]
# What the folds do not show; each is said only where its records are here and show it.
study, rates = load_study("explain-jurkat", results), rate_runs(results)
on_fusion = dead_text(study, records)
on_rate = rate_text(rates, records[0].config["learning_rate"]) if records else ""
if on_fusion:
    display(Markdown(on_fusion))  # noqa: F821
seeded = seeded_pairs(results)
if len(seeded) > 1:
    display(  # noqa: F821
        Markdown(
            "**Does a living path help?** Another seed draws another fusion. "
            "Here is CG-RecNet against the baseline from each seed, on the same fold and the same test cells "
            f"(95 % interval over n = {seeded[0].full.test['n']:,} cells, one run each):\n\n{seed_table(seeded)}\n\n{seed_words(seeded)}"
        ),
    )
display(*(provenance_of_study(one) for one in all_studies(results) if "trained" in one.record.config))  # noqa: F821
display(*all_read(("seeds", "jurkat"), results=results))  # noqa: F821
on_skip = skip_text(option_runs(results), reading_runs(results), results)
if on_skip:
    display(  # noqa: F821
        Markdown(on_skip),
        *all_read(("presets", "cytometer"), ("noise", "cytometer"), ("presets", "jurkat"), results=results),
    )
if rates:
    told = on_rate or "**The learning rate.** That another rate suits CG-RecNet better is not shown by the simulated runs that are here ({doc}`choices`)."
    display(  # noqa: F821
        Markdown(f"{told} {real_rate_words(real_rate_runs(results), results)}"),
        *all_read(*((part, "cytometer") for part in RATE_PARTS), ("learning rate", "jurkat"), results=results),
    )

# %% [markdown]
# ## The rarest class
#
# The paper's largest gain is in its rarest class, the oligodendrocytes.
# Question P3 asks the same of the rarest class here.
# Rare and hard are two things, so the hardest class is shown beside it; that one is exploratory, because only the rarest was planned.

# %% tags=["remove-input"]
pair = ("resnet50", "cg_recnet")
if all(model in groups for model in pair):
    first = records[0]
    classes, rarest = first.data["classes"], rarest_class(first)
    f1 = {model: np.array([[100 * entry["f1"] for entry in r.test["per_class"]] for r in groups[model]]) for model in pair}
    hardest = int(np.mean([values.mean(axis=0) for values in f1.values()], axis=0).argmin())
    rows = [
        (f"{name}{' (rarest)' if i == rarest else ''}{' (hardest)' if i == hardest else ''}", f"{first.data['counts'][name]:,}", *(f"{mean_text(f1[m][:, i])} (n = {len(f1[m])} folds)" for m in pair))
        for i, name in enumerate(classes)
    ]
    rare = decide_over_folds("P3", records)
    text = wide_table(("class", "cells", *(f"{title_of(m)}: F1 (%)" for m in pair)), rows, "F1 of each class, baseline and CG-RecNet")
    text += "\n\n" + (f"**P3.** F1 of {classes[rarest]}, {decision_sentence(rare[0])} The margin of this question is {plan['P3'].margin:g} points." if rare else "There are not enough folds of both networks yet, so P3 is open.")
    shared = sorted({r.config["fold"] for r in groups[pair[0]]} & {r.config["fold"] for r in groups[pair[1]]})
    if hardest == rarest:
        text += "\n\nThe rarest class is also the hardest here."
    elif len(shared) > 1:
        scores = {m: [next(r for r in groups[m] if r.config["fold"] == fold).test["per_class"][hardest]["f1"] for fold in shared] for m in pair}
        again = corrected_resampled_t(scores["cg_recnet"], scores["resnet50"], overlap(records)) if has_spread(*scores.values()) else None
        text += f"\n\nExploratory: the hardest class is {classes[hardest]}, not the rarest; the folds at hand do not suffice for a test there." if again is None else f"\n\nExploratory: the hardest class is {classes[hardest]}, not the rarest. There the difference is {points(again.difference)} points (95 % interval {interval(again.interval95)}, n = {again.n} folds, p {p_text(again.p_value)}, not corrected)."
else:
    text = absent
Markdown(text)

# %% tags=["remove-input"]
provenance_of([record for model in pair for record in groups.get(model, [])], part)

# %% [markdown]
# ## Were they trained enough?
#
# The second half of the counterpart of **Figure 5**: its curves.
# Everything above is about networks after a few epochs, and the two networks of a contrast need not be equally far.
# The baseline starts with every layer pretrained but its last.
# The others start with an untrained module *between* pretrained stages, so that the stages behind it see maps that they have not been trained for, until the module has learned to pass on what they need.

# %% tags=["hide-input"] mystnb={"image": {"alt": "Four small panels over the epochs: training loss and validation loss, validation accuracy, and the learning rate on a logarithmic axis, which is a falling staircase. Four colours for four networks; thick lines are means over folds, thin lines single folds."}, "figure": {"name": "fig-ablation-curves", "caption": "Where the networks begin tells what the untrained modules cost, and where the curves still move in the last epoch, the comparison is one of speed as much as of what a network can reach. D: by then the learning rate has been cut, so that curves flatten because the schedule tells them to. Thick: means over folds; thin: single folds; Jurkat cells, real."}}
draw_fold_curves(records) if records else draw_absent(absent)
plt.show()

# %% tags=["remove-input"]
provenance_of(records, part)

# %% tags=["remove-input"]
if records:
    start = {m: np.mean([100 * r.history[0]["validation_accuracy"] for r in own]) for m, own in groups.items()}
    end = {m: np.mean([100 * r.history[-1]["validation_accuracy"] for r in own]) for m, own in groups.items()}
    last_step = {m: np.mean([100 * (r.history[-1]["validation_accuracy"] - r.history[-2]["validation_accuracy"]) for r in own if len(r.history) > 1]) for m, own in groups.items()}
    at_end = {m: sum(r.history[-1]["reported"] for r in own) for m, own in groups.items()}
    epochs = records[0].config["epochs"]
    gaps = last_gaps(groups)
    rows = [
        (title_of(m), f"{start[m]:.1f}", f"{end[m]:.1f}", points(last_step[m]), f"{at_end[m]} of {len(groups[m])}", points(gaps[m]), str(len(groups[m])))
        for m in groups
    ]
    headers = ("model", "validation accuracy after epoch 1 (%)", f"after epoch {epochs} (%)", "gain of the last epoch (points)", "folds whose last epoch was best", "training − validation (points)", "n")
    text = wide_table(headers, rows, "How far the four networks had come: means over folds")
    rising = [title_of(m) for m in groups if last_step[m] > 0]
    text += "\n\nMeans over n folds; the last column but one compares accuracy on random crops of training cells with that on whole validation cells, so it can be negative without any fault. "
    text += (
        f"The validation accuracy of {', '.join(rising)} still rose in the last epoch, although the learning rate had been cut: more training would probably have changed these numbers, and perhaps their order."
        if rising
        else "No network gained in its last epoch."
    )
else:
    text = absent
Markdown(text)

# %% tags=["remove-input"]
if all(model in groups for model in pair) and records:
    behind = start["resnet50"] - start["cg_recnet"]
    text = (
        f"After the first epoch the mean validation accuracy of CG-RecNet lay {abs(behind):.1f} points {'below' if behind > 0 else 'above'} that of the baseline (means over n = {len(groups['cg_recnet'])} and {len(groups['resnet50'])} folds); "
        f"at the end the distance was {abs(end['resnet50'] - end['cg_recnet']):.1f} points, with {'the baseline' if end['resnet50'] > end['cg_recnet'] else 'CG-RecNet'} ahead."
    )
else:
    text = ""
Markdown(text)

# %% [markdown]
# ## What this does not tell
#
# - **Few epochs.**
#   The paper trains much longer, and a module that starts untrained has more to learn than a pretrained stage.
#   A loss here may be a loss of time and not of ability.
# - **Folds overlap**, and all runs have one seed.
#   {eq}`eq-ablation-corrected` repairs the first on average; what the seed alone does is the subject of {doc}`spread`.
# - **Small images.**
#   After the second stage the map is small, so a module that is meant to see far has little to look across.
# - **No skip.**
#   The fusion is judged here without a skip around it, a choice that the paper does not print ({doc}`choices`).
#   The reading `clean` has the skip, and also one linear layer fewer, so that a difference between the two is not the skip's alone.
# - **Other cells.**
#   No outcome on this page decides a claim about the paper's cells; {doc}`headline` sets them side by side.
# - **A random split.**
#   It can part near copies of a cell ({doc}`/book/2_data/splits`), the same for all four networks.

# %% tags=["remove-input"]
more = []
if on_fusion:
    looked = " and ".join(f"{title_of(r.config['model'])} of fold {r.config['fold']}" for r in dead_runs(study, records))
    more.append(f"- **A dead path.** The fusion of {looked} does not recalibrate, but for a constant. What one that does is worth, these runs do not tell.")
if on_rate:
    more.append(f"- **One learning rate.** All networks had {records[0].config['learning_rate']:g}, which does not suit CG-RecNet best on simulated cells ({{doc}}`choices`).")
Markdown("\n".join(more))

# %% tags=["remove-input"]
if whole is None:
    take = "An ablation is read along the folds, with an error that knows that folds overlap, against a margin that was fixed before."
elif whole.outcome is Outcome.DIFFERENCE:
    take = f"On these cells, and after so little training, CG-RecNet is {'ahead of' if whole.result.difference > 0 else 'behind'} its baseline, by {abs(whole.result.difference):.1f} points (n = {whole.result.n} folds); the paper's experiment is longer, larger and on other cells."
elif whole.outcome is Outcome.UNDECIDED:
    take = (
        "On these cells, and after so little training, neither an advantage of CG-RecNet over its baseline nor its absence could be shown by the rule of the plan; "
        f"the difference lies between {interval(whole.result.interval95)} points (95 % interval of this contrast alone, n = {whole.result.n} folds)."
    )
else:
    take = "On these cells, and after so little training, CG-RecNet and its baseline differ by less than what was said to matter before the runs."
Markdown(f"**Take-away.** {take}")

# %% [markdown]
# ```{exercise} The plain test
# :label: exercise-ablation-plain
#
# Do the paper's test, the plain paired t-test, on the accuracies of CG-RecNet and the baseline over the folds, by hand and with the library.
# How do the p-value and the interval change against {eq}`eq-ablation-corrected`, and why does the difference itself not change?
# ```
#
# ````{solution} exercise-ablation-plain
# :class: dropdown
#
# The correction only makes the standard error larger; the mean of the differences is the same.
# ````

# %% tags=["hide-cell"]
common = sorted(set.intersection(*({r.config["fold"] for r in groups.get(m, [])} for m in pair)))
if len(common) > 1:
    ours, base = ([next(r for r in groups[m] if r.config["fold"] == f).test["accuracy"] for f in common] for m in ("cg_recnet", "resnet50"))
    d = 100 * (np.array(ours) - np.array(base))
if len(common) > 1 and has_spread(ours, base):
    by_hand = d.mean() / (d.std(ddof=1) / np.sqrt(len(d)))
    plain, corrected = paired_t(ours, base), corrected_resampled_t(ours, base, overlap(records))
    assert np.isclose(by_hand, plain.statistic)
    for test in (plain, corrected):
        print(f"{test.method}: {points(test.difference)} points, 95 % interval {interval(test.interval95)}, t = {test.statistic:.2f}, p = {p_text(test.p_value)}, n = {test.n} folds")
else:
    print("too few folds have both networks, or they agree to the cell: there is no spread to test with")

# %% [markdown]
# ```{exercise} Is a fold hard, or a network bad?
# :label: exercise-ablation-fold
#
# How much of the spread in {numref}`fig-ablation-boxes` belongs to the folds, which all networks share?
# Split the variance of the accuracies into a part between networks, a part between folds, and the rest.
# ```
#
# ````{solution} exercise-ablation-fold
# :class: dropdown
#
# Take the mean of each network and of each fold away, and see what is left.
# It needs the folds that all four networks have.
# ````

# %% tags=["hide-cell"]
complete = [f for f in range(records[0].config["folds"] if records else 0) if all(any(r.config["fold"] == f for r in groups.get(m, [])) for m in ROWS.values())]
if len(complete) > 1:
    table = np.array([[score_of(next(r for r in groups[m] if r.config["fold"] == f), "accuracy") for f in complete] for m in ROWS.values()])
    networks, folds_part = table.mean(axis=1, keepdims=True), table.mean(axis=0, keepdims=True)
    rest = table - networks - folds_part + table.mean()
    squares = {"networks": len(complete) * networks.var() * len(ROWS), "folds": len(ROWS) * folds_part.var() * len(complete), "rest": (rest**2).sum()}
    assert np.isclose(sum(squares.values()), table.var() * table.size)
    for name, value in squares.items():
        print(f"{name}: {value / sum(squares.values()):.0%} of the sum of squares")
else:
    print("fewer than two folds have all four networks")

# %% [markdown]
# ## Check yourself
#
# :::{dropdown} 1. Why are differences taken fold by fold before they are averaged?
# Folds differ in how hard their cells are, and that hits all networks alike.
# The difference within a fold is free of it, so its spread is smaller.
# :::
#
# :::{dropdown} 2. Five folds share most of their training cells. What does an ordinary t-test get wrong?
# It takes the differences for independent, and so the error of their mean for smaller than it is.
# The corrected test adds a term for the shared cells.
# :::
#
# :::{dropdown} 3. The network with both modules is not ahead of the baseline beyond chance. What has *not* been shown?
# That the modules are useless.
# These are other cells at a smaller size, with few epochs; an interval says how large an advantage would still go with what was seen.
# :::

// What the search puts first: a page of the appendix (glossary, citation, execution) stands behind a chapter that is
// about the word. The values beside `score` are Sphinx's own.
var Scorer = {
  score: ([docname, , , , score]) => (docname.startsWith("book/appendix/") ? score / 10 : score),
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};

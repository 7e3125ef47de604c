/* Joined to the worker of the search when the site is built (generator/publish/postprocess/search.py): lunr 2.3.9 knows equal
   parts of its tree of words by a text in which a label and the number behind it are not told apart. With many digits in
   words, unequal parts become one, and to look for T0 ends in an error: the reader is told that no page has it. */
self.lunr.TokenSet.prototype.toString = function () {
  if (this._str) return this._str;
  const edges = Object.keys(this.edges).sort().map((label) => `${label}${this.edges[label].id},`);
  return `${this.final ? 1 : 0}${edges.join("")}`;
};

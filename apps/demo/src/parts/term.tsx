// A word with its meaning on hover; the list at the end of the page has them all.

const meanings = {
  CLS: "A token of its own that belongs to no patch. The answer is read from it.",
  head: "A part of a layer that lets every token look at all tokens and copy something from where it looks.",
  margin: "How far the logit of one class is above that of the other.",
  norm: "Brings every token to one length before something is read from it.",
} as const;

/** A word of the model's, explained on hover. */
export function Term({ of }: { of: keyof typeof meanings }) {
  return (
    <abbr class="term" title={meanings[of]}>
      {of}
    </abbr>
  );
}

// Shows one of viz's figures in a component: created with the first data, updated in place after.
import type { Figure } from "@prisma/viz";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** A figure for `data`; `create` is called once, with the first data. An error stands in its place. */
export function FigureView<Data>(props: { create: (data: Data) => Figure<Data>; data: Data }) {
  const { create, data } = props;
  const host = useRef<HTMLDivElement>(null);
  const figure = useRef<Figure<Data> | null>(null);
  const [error, setError] = useState<string | null>(null);

  useLayoutEffect(() => {
    try {
      if (figure.current === null) {
        figure.current = create(data);
        host.current?.append(figure.current.element);
      } else {
        figure.current.update(data);
      }
      setError(null);
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown.message : String(thrown));
    }
  }, [data]);

  return (
    <>
      <div ref={host} hidden={error !== null} />
      {error !== null && (
        <p class="error" role="alert">
          {error}
        </p>
      )}
    </>
  );
}

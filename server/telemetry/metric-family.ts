import type { MetricsSource, RelayFigures, StoreFigures } from './metrics-source.ts';
import type { ProcessFigures } from './process-figures.ts';

/** All figures of one moment. */
export interface Figures {
  readonly source: MetricsSource;
  readonly relay: RelayFigures | null;
  /** How long the relay thread took to answer. */
  readonly relayAnswerSeconds: number;
  /** Null while the database cannot be read. */
  readonly store: StoreFigures | null;
  readonly process: ProcessFigures;
}

/** A figure, with a value for each label of its family. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric that is read when it is asked for. */
export interface MetricFamily {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  /** Every label with all values that it can have (SECURITY.md 14); what has another value is shown as `other`. */
  readonly labels: Readonly<Record<string, readonly string[]>>;
  readonly samples: (figures: Figures) => Iterable<Sample>;
}

/** What a label shows for a value that is not among its own. */
export const otherValue = 'other';

/** A metric without labels. It is left out where there is no figure. */
export function single(
  type: MetricFamily['type'],
  name: string,
  help: string,
  value: (figures: Figures) => number | null | undefined,
): MetricFamily {
  return { name, type, help, labels: {}, samples: (figures) => sample({}, value(figures)) };
}

/** A metric whose one label tells apart what was counted by name. */
export function counted(
  name: string,
  help: string,
  {
    label,
    values,
    counts,
  }: { label: string; values: readonly string[]; counts: (source: MetricsSource) => ReadonlyMap<string, number> },
): MetricFamily {
  return {
    name,
    type: 'counter',
    help,
    labels: { [label]: values },
    // A series that is there from the start, at zero, shows the first increase.
    samples: ({ source }) => {
      const all = new Map([...values.map((name) => [name, 0] as const), ...counts(source)]);
      return Array.from(all, ([name, value]) => ({ labels: { [label]: name }, value }));
    },
  };
}

/** One figure, or none where there is none. */
export function sample(
  labels: Readonly<Record<string, string>>,
  value: number | null | undefined,
  scale = 1,
): Sample[] {
  return value === null || value === undefined ? [] : [{ labels, value: value * scale }];
}

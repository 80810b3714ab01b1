/** One value at one time. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A straight line through points, and how far its slope can be trusted. */
export interface Drift {
  readonly slope: number;
  /** The standard error of the slope. */
  readonly slopeError: number;
}

/** Neighbouring values of a resident set resemble each other; the means of so many stretches hardly do. */
const stretches = 12;

/** Fits a line by least squares to the means of twelve stretches of the points. Undefined for fewer than two points a stretch. */
export function driftOf(points: readonly Point[]): Drift | undefined {
  const size = Math.floor(points.length / stretches);
  if (size < 2) return undefined;
  // What does not fill a stretch is left out at the beginning.
  const used = points.slice(points.length - size * stretches);
  const means = Array.from({ length: stretches }, (_, index) => meanOf(used.slice(index * size, (index + 1) * size)));
  const middle = meanOf(means);
  const sum = (term: (point: Point) => number): number => means.reduce((total, point) => total + term(point), 0);
  const spread = sum(({ x }) => (x - middle.x) ** 2);
  const slope = sum(({ x, y }) => (x - middle.x) * (y - middle.y)) / spread;
  const residual = sum(({ x, y }) => (y - middle.y - slope * (x - middle.x)) ** 2);
  return { slope, slopeError: Math.sqrt(residual / (stretches - 2) / spread) };
}

function meanOf(points: readonly Point[]): Point {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  return { x: mean(points.map(({ x }) => x)), y: mean(points.map(({ y }) => y)) };
}

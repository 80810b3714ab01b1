import type { TestContext } from 'vitest';
import { findCommand } from '../../scripts/test-tools.ts';
import type { TestTool } from '../../scripts/test-tools.ts';

/**
 * The path of a program that the test cannot do without. Where it is missing the test is skipped, or fails where `CI`
 * is `true`, since nobody reads what a CI skips.
 */
export function requiredTool(context: TestContext, tool: TestTool): string {
  const found = findCommand(tool.commands, tool.probe);
  if (found !== null) return found;
  const missing = `${tool.name} is missing. ${tool.remedy}`;
  if (process.env.CI === 'true') throw new Error(missing);
  // Skipping alone is silent in most reports.
  console.warn(`Skipped "${context.task.name}": ${missing}`);
  return context.skip(missing);
}

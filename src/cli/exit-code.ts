/** What the command ends with: 0 well, 1 failed, 2 called wrongly, 3 differences found, 130 interrupted. */
export type ExitCode = 0 | 1 | 2 | 3 | 130;

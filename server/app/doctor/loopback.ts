/** Whether an address, as text in its canonical form, never leaves the host: 127/8 and ::1. */
export function isLoopbackText(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

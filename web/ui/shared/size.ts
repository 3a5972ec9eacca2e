/** How large a file is: "2.4 MB". */
export function size(bytes: number, language: string): string {
  const [unit, n] = bytes < 1 << 20 ? (["kilobyte", Math.max(1, bytes / 1024)] as const) : (["megabyte", bytes / (1 << 20)] as const);
  return n.toLocaleString(language, { style: "unit", unit, maximumFractionDigits: n < 10 ? 1 : 0 });
}

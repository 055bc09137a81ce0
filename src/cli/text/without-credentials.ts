/** Takes user and password out of every URL in a text, since drivers and users' own files may put them into what they throw. */
export function withoutCredentials(text: string): string {
  return text.replace(/([a-z][a-z\d+.-]*:\/\/)[^\s/@"']*(?:@[^\s/@"']*)*@/gi, '$1');
}

import { shellQuote } from './quote.js';

/** A command line for a node's shell, and what it reads from stdin. */
export interface RemoteCommand {
  command: string;
  input?: string;
}

/**
 * bash runs a script with these arguments. Its text goes over stdin: a blank node holds none of our files, and this costs
 * no round trip beside the one of the script itself. So it finds nothing on stdin but its own end.
 *
 * @param text As manifests/node holds it: what differs from node to node are arguments, never text
 */
export function bashScript(text: string, ...args: string[]): RemoteCommand {
  return { command: args.length === 0 ? 'bash -s' : `bash -s -- ${shellQuote(...args)}`, input: text };
}

/** The same of a script that reads what is sent to it: the text is an argument. @param name What it calls itself in errors */
export function bashReader(text: string, name: string, ...args: string[]): string {
  return shellQuote('bash', '-c', text, name, ...args);
}

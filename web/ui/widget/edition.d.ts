/** Names the sources that a module was built from; the build fills it in. */
declare const EDITION: string;

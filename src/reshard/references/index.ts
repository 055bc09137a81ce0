export { type CopyReferencesOptions, copyReferences, type ReferencesCopied } from './copy-references';

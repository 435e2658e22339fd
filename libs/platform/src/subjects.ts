/** Keys of data subjects and what is sealed with them, for programs that run no service. */
export { ERASED_TEXT, openText, sealText, UNREADABLE_TEXT } from './subjects/sealed-text';
export { SubjectKeyFiles } from './subjects/subject-key-files.adapter';
export type { DataSubject, KeptKey, SubjectKey, SubjectKeys } from './subjects/subject-keys';

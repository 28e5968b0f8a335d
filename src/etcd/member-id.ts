/** 64-bit IDs travel as decimal strings: a JavaScript number would silently lose their last digits. */
export type MemberId = string;

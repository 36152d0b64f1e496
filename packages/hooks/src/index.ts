// The public surface of @prisma/hooks.
export {};

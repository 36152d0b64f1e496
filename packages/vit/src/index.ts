// The public surface of @prisma/vit.
export {};

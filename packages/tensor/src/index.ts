// The public surface of @prisma/tensor.
export {};

/** The headers that App Service authentication puts on a request of somebody who signed in, as the platform writes them. */
export function principalHeaders({
  id,
  name = 'kim@contoso.com',
  roles = [],
  isApplication = false,
}: {
  readonly id: string;
  readonly name?: string;
  readonly roles?: readonly ('Backstamp.Reader' | 'Backstamp.Operator')[];
  readonly isApplication?: boolean;
}): Record<string, string> {
  const claims = [
    { typ: 'aud', val: 'api://backstamp' },
    { typ: 'http://schemas.microsoft.com/identity/claims/objectidentifier', val: id },
    ...(isApplication ? [{ typ: 'idtyp', val: 'app' }] : [{ typ: 'preferred_username', val: name }]),
    ...roles.map((val) => ({ typ: 'roles', val })),
  ];
  const principal = { auth_typ: 'aad', name_typ: 'preferred_username', role_typ: 'roles', claims };
  return {
    'x-ms-client-principal': Buffer.from(JSON.stringify(principal)).toString('base64'),
    'x-ms-client-principal-id': id,
    'x-ms-client-principal-name': encodeURIComponent(name),
    'x-ms-client-principal-idp': 'aad',
  };
}

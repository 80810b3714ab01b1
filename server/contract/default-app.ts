/** The app that every appliance has from the start: it owns the usernames that name no other (DESIGN.md section 4). */
export const defaultAppId = 'default';

-- The role of the services: it reads and writes rows and can change no table. Run by the role that
-- migrates, which owns the tables, in Frontdesk's own database, before or after migrating, as often as
-- one likes:
--   SERVICE_PASSWORD_FILE=/path psql --no-psqlrc -f docker/postgres/roles.sql DATABASE
-- Running it again sets the password to what the file holds then.
\set ON_ERROR_STOP on
\set service_password `cat "$SERVICE_PASSWORD_FILE"`
SELECT :'service_password' = '' AS without_password \gset
\if :without_password
    \warn 'SERVICE_PASSWORD_FILE names no file with a password'
    -- Ends psql with an error.
    SELECT 1 / 0;
\endif

BEGIN;
SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'frontdesk_service') AS missing \gset
\if :missing
    CREATE ROLE frontdesk_service LOGIN;
\endif
ALTER ROLE frontdesk_service NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
    PASSWORD :'service_password';

-- Nobody else comes in, and nobody but the owner makes anything.
REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT CONNECT ON DATABASE :"DBNAME" TO frontdesk_service;
GRANT USAGE ON SCHEMA public TO frontdesk_service;

-- What is there, and what the same role's migrations will make.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO frontdesk_service;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO frontdesk_service;
ALTER DEFAULT PRIVILEGES IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO frontdesk_service;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO frontdesk_service;

-- Which migrations ran is for the one who migrates; the services read the schema's version.
SELECT to_regclass('public.schema_info') IS NOT NULL AS migrated \gset
\if :migrated
    REVOKE INSERT, UPDATE, DELETE ON schema_info FROM frontdesk_service;
    REVOKE ALL ON __diesel_schema_migrations FROM frontdesk_service;
\endif

-- The audit log grows and is read; its triggers refuse changes to everybody, this to the services.
SELECT to_regclass('public.audit_log') IS NOT NULL AS audited \gset
\if :audited
    REVOKE UPDATE, DELETE ON audit_log FROM frontdesk_service;
\endif
COMMIT;

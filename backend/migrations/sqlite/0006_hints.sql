-- Hints of the CRM about a deal that no dialog is bound to yet wait for the one that will be: state 'unclaimed'.
ALTER TABLE inbox ADD COLUMN deal BIGINT;
CREATE INDEX inbox_unclaimed ON inbox (account, deal, id) WHERE state = 'unclaimed';
-- Of the state: a message that names no deal is found by its contact.
ALTER TABLE dialog ADD COLUMN contact BIGINT;
CREATE INDEX dialog_contact ON dialog (account, contact) WHERE contact IS NOT NULL;
UPDATE dialog SET contact = json_extract(state, '$.contact') WHERE state IS NOT NULL;
